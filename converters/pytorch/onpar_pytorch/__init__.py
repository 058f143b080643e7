"""onpar's plug-ins for PyTorch."""
