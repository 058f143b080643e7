"""onpar's plug-ins for LiteRT Torch."""
