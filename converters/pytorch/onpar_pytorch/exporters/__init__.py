"""Exporters that start from PyTorch."""
