"""Runtimes that execute Keras models and SavedModels."""
