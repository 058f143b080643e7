"""One file an exporter."""
