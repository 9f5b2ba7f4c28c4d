"""Tells the type of files and the language of texts."""
