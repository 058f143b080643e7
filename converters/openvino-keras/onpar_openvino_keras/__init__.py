"""onpar's plug-ins for Keras models in OpenVINO."""
