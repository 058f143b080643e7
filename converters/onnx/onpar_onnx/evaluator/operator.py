"""The base of the evaluator's own operators, and how they are found by domain, name and opset."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from onnx.reference.op_run import OpRun

import onnx

MICROSOFT = "com.microsoft"
NCHWC = "com.microsoft.nchwc"


class Operator(OpRun):
    """An operator with the attribute defaults of its model's own opset.

    onnx's own classes take the newest opset's defaults (Softmax: axis -1, where opset 11 says 1).
    `_run` takes inputs by position (None where left out) and attributes by name; it returns a tuple,
    None for outputs that nobody asked for.
    """

    def __init__(self, onnx_node: onnx.NodeProto, run_params: dict[str, Any]) -> None:
        self.opset: int = run_params["opsets"].get(onnx_node.domain, 1)
        schema = _schema(onnx_node.op_type, self.opset, onnx_node.domain)
        if schema is None:
            # An attribute of the class, else onnx finds the operator of that name in another domain.
            type(self).op_schema = None
        super().__init__(onnx_node, run_params, schema)

    @property
    def outputs_wanted(self) -> int:
        """How many outputs the node names."""
        return len(self.onnx_node.output)

    def _check_and_fix_outputs(self, res: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(np.array(x) if np.isscalar(x) else x for x in res)


def _schema(op_type: str, opset: int, domain: str) -> Any:
    try:
        return onnx.defs.get_schema(op_type, opset, domain)
    except onnx.defs.SchemaError:
        return None


_known: dict[tuple[str, str], type[OpRun]] = {}


def implements(*names: str, domain: str = "") -> Callable[[type[OpRun]], type[OpRun]]:
    """Registers a class for operators of a domain; an operator has one class for all opsets."""

    def register(cls: type[OpRun]) -> type[OpRun]:
        for name in names:
            if (domain, name) in _known:
                raise ValueError(f"{domain}::{name} is implemented twice")
            _known[domain, name] = cls
        return cls

    return register


def own_operator(domain: str, op_type: str) -> type[OpRun] | None:
    """The class that stands in for onnx's own, or for an operator that onnx does not know."""
    return _known.get((domain, op_type))


def own_operators() -> list[tuple[str, str]]:
    """All (domain, operator) pairs that have one."""
    return sorted(_known)
