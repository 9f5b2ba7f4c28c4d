"""EfficientNet-Lite, whose files say neither how it computes nor what it was trained on."""
