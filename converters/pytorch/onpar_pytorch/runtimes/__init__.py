"""Runtimes that execute PyTorch models."""
