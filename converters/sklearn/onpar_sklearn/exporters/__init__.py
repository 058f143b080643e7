"""Exporters that start from fitted estimators."""
