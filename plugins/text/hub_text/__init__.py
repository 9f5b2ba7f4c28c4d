"""Model plugins for text generation and embeddings, without torch or transformers."""
