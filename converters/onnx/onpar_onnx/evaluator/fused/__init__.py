"""Operators that ONNX Runtime puts in the place of several of ONNX's: domains com.microsoft and
com.microsoft.nchwc.

Source of every formula: ONNX Runtime's docs/ContribOperators.md.
"""

from . import activations, attention, blocked, normalisations, products, quantised

__all__ = ["activations", "attention", "blocked", "normalisations", "products", "quantised"]
