"""Pruning of transformers in the Hugging Face layout, as a plugin of openmodelhub."""
