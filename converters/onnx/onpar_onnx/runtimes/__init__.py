"""Runtimes that execute ONNX files."""
