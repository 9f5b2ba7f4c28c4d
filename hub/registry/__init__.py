"""Registries: schema, validation, catalogue, search."""
