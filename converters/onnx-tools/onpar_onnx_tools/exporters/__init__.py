"""One file an exporter; every one reads ONNX and writes ONNX."""
