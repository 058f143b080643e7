"""onpar's plug-ins for scikit-learn."""
