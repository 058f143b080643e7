"""ONNX's operators that replace onnx's own: wrong, narrow, slow, or with sums that cannot be off."""

from . import (
    control,
    convolution,
    elementwise,
    grid_sample,
    indexing,
    normalisation,
    pooling,
    products,
    quantisation,
    recurrent,
    reductions,
    resampling,
    softmax,
    trees,
)

__all__ = [
    "control",
    "convolution",
    "elementwise",
    "grid_sample",
    "indexing",
    "normalisation",
    "pooling",
    "products",
    "quantisation",
    "recurrent",
    "reductions",
    "resampling",
    "softmax",
    "trees",
]
