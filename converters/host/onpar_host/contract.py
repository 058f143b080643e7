"""What a model takes and gives, as src/records/contract.ts has it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from .errors import WorkerError
from .tensor import DTYPES

Dim = int | str | None
"""A fixed size, the name of a dynamic dimension, or None when it is dynamic and unnamed."""


@dataclass(frozen=True)
class Quantization:
    """real = scale · (stored − zeroPoint), per tensor or along `axis`."""

    scales: list[float]
    zero_points: list[int]
    axis: int | None = None

    def as_json(self) -> dict[str, Any]:
        base: dict[str, Any] = {"scales": self.scales, "zeroPoints": self.zero_points}
        return base if self.axis is None else {**base, "axis": self.axis}


@dataclass(frozen=True)
class TensorSpec:
    """`dtype` None: any. `shape` None: not even the rank is declared.

    `container`: not one tensor but several (containers.py); `dtype` is then that of its values.
    """

    name: str
    dtype: str | None = None
    shape: list[Dim] | None = None
    quantization: Quantization | None = None
    argmax_of: str | None = None
    classes: list[str | int | float] | None = None
    container: str | None = None

    def as_json(self) -> dict[str, Any]:
        spec: dict[str, Any] = {"name": self.name, "dtype": self.dtype, "shape": self.shape}
        if self.quantization is not None:
            spec["quantization"] = self.quantization.as_json()
        if self.argmax_of is not None:
            spec["argmaxOf"] = self.argmax_of
        if self.classes is not None:
            spec["classes"] = self.classes
        if self.container is not None:
            spec["container"] = self.container
        return spec


@dataclass(frozen=True)
class Contract:
    """`names`: `declared`, `generated` or `none`; only declared names mean something."""

    inputs: list[TensorSpec] = field(default_factory=list)
    outputs: list[TensorSpec] = field(default_factory=list)
    names: str = "none"

    def as_json(self) -> dict[str, Any]:
        return {
            "inputs": [spec.as_json() for spec in self.inputs],
            "outputs": [spec.as_json() for spec in self.outputs],
            "names": self.names,
        }


def specs_from_json(specs: Iterable[dict[str, Any]] | None) -> list[TensorSpec]:
    """The `inputs` of a request. Raises WorkerError `bad-request` for a dtype that does not exist."""
    result = []
    for spec in specs or []:
        dtype = spec.get("dtype")
        if dtype is not None and dtype not in DTYPES:
            raise WorkerError(
                "bad-request",
                f"input {spec['name']} has dtype {dtype}",
                fix=f"use one of {', '.join(DTYPES)}",
            )
        result.append(TensorSpec(spec["name"], dtype, spec.get("shape")))
    return result
