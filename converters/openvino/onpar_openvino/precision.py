"""The precision that a compiled model really computes in, which a device may lower unasked."""

from __future__ import annotations

from collections import Counter
from typing import Any

from .dtypes import DTYPES

PASSIVE = frozenset(("Input", "Output", "Const"))
"""Layers of the runtime model that hold numbers and compute nothing."""

HALF = ("bf16", "f16")


def precision_facts(compiled: Any, asked: str) -> dict[str, Any]:
    """`{computesIn, declaredPrecision, …}` as the engine reads them, and what they were told from.

    `computesIn`: the device's INFERENCE_PRECISION_HINT where it is a half precision and a node of
    the runtime model works in it, else float32 (the CPU device has no float64). The nodes alone do
    not tell: behind weights stored in float16 a layer says f16 also where it computes in float32.
    `declaredPrecision`: what the user asked for by name, or None.
    """
    hint = compiled.get_property("INFERENCE_PRECISION_HINT").get_type_name()
    nodes = _node_precisions(compiled)
    computes = hint if hint in HALF and nodes.get(hint, 0) > 0 else "f32"
    return {
        "computesIn": DTYPES[computes],
        "declaredPrecision": None if asked == "default" else DTYPES[asked],
        "inferencePrecision": asked,
        "inferencePrecisionHint": hint,
        "executionMode": compiled.get_property("EXECUTION_MODE_HINT").name,
        "nodePrecisions": dict(sorted(nodes.items())),
        # Above 0, layers with compressed int8 or int4 weights quantise their activations too.
        "dynamicQuantizationGroupSize": _property(compiled, "DYNAMIC_QUANTIZATION_GROUP_SIZE"),
    }


def _node_precisions(compiled: Any) -> Counter[str]:
    """How many nodes of the graph as executed compute in each element type."""
    found: Counter[str] = Counter()
    for node in compiled.get_runtime_model().get_ops():
        told = node.get_rt_info()
        is_told = "layerType" in told and "runtimePrecision" in told
        if is_told and told["layerType"].astype(str) not in PASSIVE:
            found[told["runtimePrecision"].astype(str)] += 1
    return found


def _property(compiled: Any, name: str) -> Any:
    try:
        return compiled.get_property(name)
    except RuntimeError:
        # Older versions and other devices do not know it.
        return None
