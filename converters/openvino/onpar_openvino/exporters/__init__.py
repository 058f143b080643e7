"""Exporters that write OpenVINO IR."""
