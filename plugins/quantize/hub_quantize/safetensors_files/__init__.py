"""safetensors, cast tensor by tensor without torch."""
