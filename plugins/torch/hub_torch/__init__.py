"""Runs safetensors models through PyTorch and transformers, and turns GGUF into safetensors."""
