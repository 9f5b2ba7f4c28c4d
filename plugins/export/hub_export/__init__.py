"""Exports safetensors models to ONNX: encoders through PyTorch, decoders through ONNX Runtime GenAI."""
