"""Runtimes that execute fitted estimators."""
