"""Tasks that answer with labels and scores: of texts, of their tokens, of words that are left out, of documents."""
