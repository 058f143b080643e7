"""What a model computes, node by node: the answer of the verb `graph` (docs/worker-protocol.md)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from .contract import Quantization

Dim = int | str | None


@dataclass(frozen=True)
class SourcePlace:
    """Where in the user's code a node was written; `line` None: unknown."""

    file: str
    line: int | None
    text: str | None = None

    def as_json(self) -> dict[str, Any]:
        """`text` is left out where it could not be read."""
        return {
            "file": self.file,
            "line": self.line,
            **({} if self.text is None else {"text": self.text}),
        }


@dataclass(frozen=True)
class OpNode:
    """One operator, layer or pipeline step.

    `id` is unique in the graph and the same each time the model is opened. `inputs` are tensor names
    in the operator's order, "" where an optional one is absent. `module`: the layers it belongs to,
    outermost first. `origins`: names by which an exporter may know it, best first.
    """

    id: str
    op: str
    inputs: Sequence[str]
    outputs: Sequence[str]
    attributes: dict[str, Any] = field(default_factory=dict)
    module: Sequence[str] = ()
    source: SourcePlace | None = None
    origins: Sequence[str] = ()

    def as_json(self) -> dict[str, Any]:
        """Attributes that JSON does not hold are left out."""
        kept = {name: value for name, value in self.attributes.items() if _is_plain(value)}
        return {
            "id": self.id,
            "op": self.op,
            "inputs": list(self.inputs),
            "outputs": list(self.outputs),
            "attributes": {
                n: list(v) if isinstance(v, list | tuple) else v for n, v in kept.items()
            },
            "module": list(self.module),
            "source": None if self.source is None else self.source.as_json(),
            "origins": list(self.origins),
        }


@dataclass(frozen=True)
class OpTensor:
    """`dtype` and `shape` None: unknown. `tappable`: `run` can give it out.

    `constant`: held by the model, or made of what is. `quantization`: how stored integers stand for
    real numbers.
    """

    dtype: str | None
    shape: Sequence[Dim] | None
    tappable: bool
    constant: bool = False
    quantization: Quantization | None = None

    def as_json(self) -> dict[str, Any]:
        """As in records."""
        return {
            "dtype": self.dtype,
            "shape": None if self.shape is None else list(self.shape),
            "tappable": self.tappable,
            **({"constant": True} if self.constant else {}),
            **({} if self.quantization is None else {"quantization": self.quantization.as_json()}),
        }


@dataclass(frozen=True)
class OpGraph:
    """`nodes` in an order in which they can be computed; `tensors`: all that they name."""

    format: str
    inputs: Sequence[str]
    outputs: Sequence[str]
    nodes: Sequence[OpNode]
    tensors: dict[str, OpTensor]

    def as_json(self) -> dict[str, Any]:
        """As in records."""
        return {
            "format": self.format,
            "inputs": list(self.inputs),
            "outputs": list(self.outputs),
            "nodes": [node.as_json() for node in self.nodes],
            "tensors": {name: tensor.as_json() for name, tensor in self.tensors.items()},
        }


def _is_plain(value: Any) -> bool:
    if isinstance(value, list | tuple):
        return all(_is_scalar(each) for each in value)
    return _is_scalar(value)


def _is_scalar(value: Any) -> bool:
    return value is None or isinstance(value, bool | int | float | str)
