"""onpar's plug-ins for PyTorch models in OpenVINO."""
