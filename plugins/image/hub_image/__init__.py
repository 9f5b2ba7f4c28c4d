"""Reads and writes pictures: the codec of the kind `image`."""
