"""What people do to an ONNX file before they deploy it: optimise, simplify, convert, quantise."""
