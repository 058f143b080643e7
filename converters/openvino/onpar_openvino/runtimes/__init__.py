"""Runtimes that execute models with OpenVINO."""
