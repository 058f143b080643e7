"""onpar's plug-ins for TensorFlow and Keras."""
