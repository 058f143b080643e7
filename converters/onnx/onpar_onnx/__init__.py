"""onpar's plug-ins for ONNX files."""
