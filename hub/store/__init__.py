"""Verified weights: sources, downloads, artifacts on disk."""
