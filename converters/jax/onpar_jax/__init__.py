"""onpar's plug-ins for JAX."""
