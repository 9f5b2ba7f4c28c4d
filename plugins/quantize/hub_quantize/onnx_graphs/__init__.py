"""ONNX graphs: read with `onnx`, quantized with it or with ONNX Runtime, written as they lay."""
