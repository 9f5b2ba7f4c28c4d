"""Compresses weights to 8, 4 and 16 bits: ONNX, OpenVINO, GGUF and safetensors."""
