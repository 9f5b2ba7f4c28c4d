"""Artifact to artifact: steps of a recipe are run once, checked, and kept with their lineage."""
