"""onpar's plug-ins for LiteRT."""
