"""Runs ONNX, OpenVINO IR and GGUF models through OpenVINO."""
