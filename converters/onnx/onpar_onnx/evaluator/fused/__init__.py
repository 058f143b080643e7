"""Operators that ONNX Runtime puts in the place of several of ONNX's: domain com.microsoft.

Source of every formula: ONNX Runtime's docs/ContribOperators.md.
"""

from . import activations, attention, normalisations, products, quantised

__all__ = ["activations", "attention", "normalisations", "products", "quantised"]
