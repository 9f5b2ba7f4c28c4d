"""The Open Inference Protocol v2 and the REST of TensorFlow Serving: tensors in, tensors out."""
