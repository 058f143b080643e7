"""onpar's plug-ins for features of sound."""
