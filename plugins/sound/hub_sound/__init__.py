"""Reads and writes sound for models: WAV, FLAC, OGG and MP3, at any sample rate."""
