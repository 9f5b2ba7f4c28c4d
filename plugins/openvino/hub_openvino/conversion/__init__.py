"""The step `openvino`: weights of other formats as OpenVINO IR, read and rewritten once and not at every load."""
