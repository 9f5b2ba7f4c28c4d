"""Model plugins for text: generation, embeddings, classification, ranking; without torch or transformers."""
