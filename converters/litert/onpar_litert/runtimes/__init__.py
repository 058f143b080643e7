"""Runtimes that execute TFLite files."""
