"""Speech recognition: sound to features, features to tokens, tokens to text with its times."""
