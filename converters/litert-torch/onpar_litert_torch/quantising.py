"""ai-edge-quantizer: a float32 TFLite file in lower precision."""

from __future__ import annotations

import os
from typing import Any

from onpar_host.packages import package_version, require

INTEGER = ("int8", "int16x8")
"""Precisions whose activations are integers, for which typical inputs are needed."""

RECIPES = {
    "dynamic-range": "dynamic_wi8_afp32",
    "int8-weights": "weight_only_wi8_afp32",
    "int8": "static_wi8_ai8",
    "int16x8": "static_wi8_ai16",
}
"""onpar's name of a precision → the recipe that the package brings (ai_edge_quantizer/recipe.py)."""

FLOAT16: list[dict[str, Any]] = [
    {
        "regex": ".*",
        "operation": "*",
        "algorithm_key": "float_casting",
        "op_config": {
            "weight_tensor_config": {"num_bits": 16, "dtype": "FLOAT"},
            "compute_precision": "FLOAT",
            "explicit_dequantize": True,
        },
    }
]
"""Weights cast to half precision and widened again where they are used."""


def quantised(
    path: str, asked: str, signature: str | None, rows: list[dict[str, Any]]
) -> dict[str, Any]:
    """Writes the file anew at the same path; the facts of it.

    `rows` are feeds by the file's own input names. Raises what the package raises.
    """
    package = require("ai_edge_quantizer")
    recipe = FLOAT16 if asked == "float16" else getattr(package.recipe, RECIPES[asked])()
    tool = package.quantizer.Quantizer(path, recipe)
    ranges = None
    if asked in INTEGER:
        ranges = tool.calibrate({signature or "serving_default": rows})
    result = tool.quantize(ranges) if ranges is not None else tool.quantize()
    os.remove(path)
    result.export_model(path)
    facts: dict[str, Any] = {"quantizer": package_version("ai-edge-quantizer")}
    return {**facts, "calibrationRows": len(rows)} if asked in INTEGER else facts
