"""Runtimes that execute ExecuTorch programs."""
