"""OpenVINO IR: weights with NNCF, activations with NNCF and calibration data."""
