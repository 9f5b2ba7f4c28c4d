"""Sentence embeddings, over a graph or over a runtime that makes vectors."""
