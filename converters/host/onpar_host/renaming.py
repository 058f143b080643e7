"""Declares how an exporter renamed inputs and outputs, by comparing contracts in order."""

from __future__ import annotations

from .contract import Contract, TensorSpec
from .exporting import Declared, declared


def renamed(before: Contract, after: Contract, reason: str) -> list[Declared]:
    """One entry for each name or dtype that changed; nothing where the counts differ.

    `before` may have no outputs (a subclassed model): then only its inputs are compared.
    """
    changes = []
    for side, old, new in (
        ("input", before.inputs, after.inputs),
        ("output", before.outputs, after.outputs),
    ):
        for one, other in _pairs(old, new):
            dtype = other.dtype if one.dtype is not None and one.dtype != other.dtype else None
            to = other.name if one.name != other.name else None
            if to is not None or dtype is not None:
                changes.append(declared(side, one.name, reason, to=to, dtype=dtype))
    return changes


def _pairs(old: list[TensorSpec], new: list[TensorSpec]) -> list[tuple[TensorSpec, TensorSpec]]:
    if len(old) != len(new):
        return []
    by_name = {spec.name: spec for spec in new}
    if all(spec.name in by_name for spec in old):
        return [(spec, by_name[spec.name]) for spec in old]
    return list(zip(old, new, strict=True))
