"""Exporters that write ExecuTorch programs."""
