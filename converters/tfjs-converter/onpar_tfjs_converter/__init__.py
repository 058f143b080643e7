"""Exporters to TensorFlow.js."""
