"""Image classification: pixels as a model was trained on them, logits as labels."""
