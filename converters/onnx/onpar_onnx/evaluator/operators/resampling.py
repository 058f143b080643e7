"""Resize and Upsample, over onnx's own kernels."""

from __future__ import annotations

from typing import Any

import numpy as np
from onnx.reference.ops.op_resize import Resize as OnnxResize

from ..operator import Operator, implements

DEFAULTS = {
    "cubic_coeff_a": -0.75,
    "exclude_outside": 0,
    "extrapolation_value": 0.0,
    "keep_aspect_ratio_policy": "stretch",
}
"""Of attributes that earlier opsets lack; as those opsets behaved."""
OPSET_10 = {"coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
"""Before opset 11 there was one way, now called by these names."""


def resized(
    operator: Operator, x: np.ndarray, scales: np.ndarray, mode: str, how: str
) -> np.ndarray:
    """onnx's Resize by scales, with the coordinate transformation `how`; nearest takes the one below."""
    options = {**DEFAULTS, **OPSET_10, "mode": mode, "coordinate_transformation_mode": how}
    (y,) = OnnxResize._run(operator, x, None, scales, None, **options)
    return np.asarray(y).astype(x.dtype)


@implements("Resize")
class Resize(Operator, OnnxResize):
    """With align_corners onnx's own divides by a fractional size, scale * n - 1, where ONNX says the
    result's size, floor(scale * n) - 1. Opset 10 has scales as its second input and no coordinates."""

    def _run(self, x: Any, *more: Any, **attributes: Any) -> tuple[Any, ...]:
        options = {**DEFAULTS, **(OPSET_10 if self.opset < 11 else {}), **attributes}
        roi, scales, sizes = (
            (None, more[0], None) if self.opset < 11 else (*more, None, None, None)[:3]
        )
        scales = None if scales is None or scales.size == 0 else scales
        aligned = options.get("coordinate_transformation_mode") == "align_corners"
        if aligned and scales is not None:
            axes = [a % x.ndim for a in options.get("axes") or range(x.ndim)]
            exact = scales.astype(np.float64)
            lengths = [int(np.floor(s * x.shape[a])) for s, a in zip(exact, axes, strict=True)]
            scales, sizes = None, np.array(lengths)
        (y,) = OnnxResize._run(self, x, roi, scales, sizes, **options)
        return (np.asarray(y).astype(x.dtype),)


@implements("Upsample")
class Upsample(Operator):
    """onnx's own knows nearest and whole numbers alone; defined as Resize of opset 10."""

    def _run(
        self, x: Any, given: Any = None, mode: str = "nearest", scales: Any = None
    ) -> tuple[Any, ...]:
        factors = np.asarray(scales if given is None else given)
        return (resized(self, x, factors, mode, "asymmetric"),)
