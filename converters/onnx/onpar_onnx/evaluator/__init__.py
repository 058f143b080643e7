"""onnx's reference evaluator made fit to judge by: in double precision, corrected, and quick enough."""
