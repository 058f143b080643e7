"""onpar's plug-ins for preparing images."""
