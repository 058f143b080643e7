"""What onnx2tf changed on purpose: names, axes, half precision at the edges, a batch that was fixed."""

from __future__ import annotations

import re
from typing import Any

from onpar_host.contract import Contract, TensorSpec
from onpar_host.exporting import Declared, ExportJob
from onpar_host.findings import Finding, finding

from .converting import Converted
from .inputs import Axes

REASON = "onnx2tf puts channels last and names tensors as TensorFlow may"


def declared_changes(made: Converted, after: Contract) -> list[Declared]:
    """One entry for each input and output that changed."""
    return [
        *_side("input", made.inputs, after.inputs),
        *_side("output", made.outputs, after.outputs),
    ]


def frozen(job: ExportJob) -> list[Finding]:
    """A finding where the option fixes what the suite asks to be dynamic."""
    batch = job.options["batch"]
    dims = {
        spec.shape[0] or f"{spec.name}.axis0"
        for spec in job.inputs
        if batch is not None and spec.shape and not isinstance(spec.shape[0], int)
    }
    if not dims:
        return []
    args: dict[str, Any] = {"dims": sorted(map(str, dims)), "sizes": [batch] * len(dims)}
    return [finding("dim-unsupported", "warning", "exporter", **args)]


def _side(side: str, before: list[Axes], after: list[TensorSpec]) -> list[Declared]:
    changes: list[Declared] = []
    for one, other in _pairs(before, after):
        change: Declared = {}
        if other.name != one.name:
            change["to"] = other.name
        # TFLite and Keras layers compute with nothing below float32 (onnx2tf/ops/Input.py).
        if side == "input" and one.dtype == "float16" and other.dtype == "float32":
            change["dtype"] = other.dtype
        if one.layout is not None:
            change["layout"] = one.layout
        if change:
            changes.append({"side": side, "name": one.name, **change, "reason": REASON})
    return changes


def _pairs(before: list[Axes], after: list[TensorSpec]) -> list[tuple[Axes, TensorSpec]]:
    """By name as TensorFlow spells it; the outputs of a SavedModel are numbered in order."""
    spelt = {_spelt(spec.name): spec for spec in after}
    if all(_spelt(one.name) in spelt for one in before) and len(spelt) == len(after):
        return [(one, spelt[_spelt(one.name)]) for one in before]
    return list(zip(before, after, strict=True)) if len(before) == len(after) else []


def _spelt(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9]+", "_", name).strip("_").lower()
