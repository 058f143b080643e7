"""Exporters that start from Keras models and SavedModels."""
