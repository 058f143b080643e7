"""Scales and zero points of a TFLite file's inputs and outputs, which OpenVINO's frontend drops."""

from __future__ import annotations

import mmap
import struct
from dataclasses import replace
from typing import Any

from onpar_host.contract import Contract, Quantization, TensorSpec
from onpar_host.model import Model

SUBGRAPHS = 2
TENSORS, INPUTS, OUTPUTS = 0, 1, 2
NAME, QUANTIZATION = 3, 4
SCALE, ZERO_POINT, DIMENSION = 2, 3, 6
"""Places of fields in their tables (tensorflow/compiler/mlir/lite/schema/schema.fbs)."""


def with_scales(contract: Contract, model: Model) -> Contract:
    """The contract of a TFLite model with what its integers stand for, found by the tensors' names.

    OpenVINO (measured with 2026.4.1) keeps the file's integer inputs and outputs and computes
    with the real numbers inside, but tells nobody how to get from one to the other.
    """
    with open(model.path, "rb") as file:
        content = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    graph = _Table(content, _u32(content, 0)).tables(SUBGRAPHS)[0]
    tensors = graph.tables(TENSORS)
    places = [*graph.numbers(INPUTS, "i"), *graph.numbers(OUTPUTS, "i")]
    found = {tensors[place].text(NAME): _quantization(tensors[place]) for place in places}

    def scaled(spec: TensorSpec) -> TensorSpec:
        # The frontend knows floats by parameters of their own where a file gives them some.
        if spec.dtype is None or not spec.dtype.startswith(("int", "uint")):
            return spec
        return replace(spec, quantization=found.get(spec.name))

    return replace(
        contract,
        inputs=[scaled(spec) for spec in contract.inputs],
        outputs=[scaled(spec) for spec in contract.outputs],
    )


def _quantization(tensor: _Table) -> Quantization | None:
    table = tensor.table(QUANTIZATION)
    scales = table.numbers(SCALE, "f") if table else []
    if table is None or not scales:
        return None
    axis = table.number(DIMENSION, "i") if len(scales) > 1 else None
    return Quantization(scales, table.numbers(ZERO_POINT, "q") or [0] * len(scales), axis)


class _Table:
    """A table of a flatbuffer: each field lies where the table's own list of offsets says."""

    def __init__(self, content: Any, at: int) -> None:
        self._content = content
        self._at = at
        (back,) = struct.unpack_from("<i", content, at)
        self._fields = at - back

    def _place(self, field: int) -> int | None:
        (size,) = struct.unpack_from("<H", self._content, self._fields)
        slot = 4 + 2 * field
        if slot >= size:
            return None
        (offset,) = struct.unpack_from("<H", self._content, self._fields + slot)
        return self._at + offset if offset else None

    def _target(self, field: int) -> int | None:
        place = self._place(field)
        return None if place is None else place + _u32(self._content, place)

    def table(self, field: int) -> _Table | None:
        at = self._target(field)
        return None if at is None else _Table(self._content, at)

    def tables(self, field: int) -> list[_Table]:
        at = self._target(field)
        if at is None:
            return []
        places = [at + 4 + 4 * index for index in range(_u32(self._content, at))]
        return [_Table(self._content, place + _u32(self._content, place)) for place in places]

    def number(self, field: int, kind: str) -> Any:
        place = self._place(field)
        return 0 if place is None else struct.unpack_from(f"<{kind}", self._content, place)[0]

    def numbers(self, field: int, kind: str) -> list[Any]:
        """A vector of numbers; `kind` as in the module struct."""
        at = self._target(field)
        if at is None:
            return []
        return list(struct.unpack_from(f"<{_u32(self._content, at)}{kind}", self._content, at + 4))

    def text(self, field: int) -> str:
        at = self._target(field)
        if at is None:
            return ""
        return self._content[at + 4 : at + 4 + _u32(self._content, at)].decode("utf-8", "replace")


def _u32(content: Any, at: int) -> int:
    return int(struct.unpack_from("<I", content, at)[0])
