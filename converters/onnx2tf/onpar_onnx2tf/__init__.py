"""The toolchain `onnx2tf`: ONNX files to TFLite and SavedModels."""
