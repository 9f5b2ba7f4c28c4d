"""Conformance checks that plugin authors subclass."""
