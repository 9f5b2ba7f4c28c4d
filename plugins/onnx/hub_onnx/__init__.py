"""Runs ONNX models through ONNX Runtime, on CPU and CUDA."""
