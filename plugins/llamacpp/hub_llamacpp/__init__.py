"""Runs GGUF models through llama.cpp."""
