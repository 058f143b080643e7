"""onpar's plug-ins for ExecuTorch."""
