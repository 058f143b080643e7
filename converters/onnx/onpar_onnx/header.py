"""The few facts of an ONNX file that ONNX Runtime does not tell, read without the onnx package.

Importing onnx takes most of a second, and a user's environment may not have it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

# Field numbers of onnx.proto.
MODEL_IR, MODEL_PRODUCER, MODEL_PRODUCER_VERSION, MODEL_GRAPH, MODEL_OPSET = 1, 2, 3, 7, 8
OPSET_DOMAIN, OPSET_VERSION = 1, 2
GRAPH_NODE, GRAPH_INITIALIZER, GRAPH_INPUT = 1, 5, 11
VALUE_NAME, VALUE_TYPE, TYPE_TENSOR, TENSOR_SHAPE = 1, 2, 1, 2
NODE_OPERATOR = 4
TENSOR_EXTERNAL = 13
ENTRY_KEY, ENTRY_VALUE = 1, 2

Buffer = memoryview
Field = tuple[int, "int | memoryview"]


@dataclass
class OnnxHeader:
    """`opsets` by domain (the default domain is ``); `external_files` relative to the model;
    `operators` of the main graph, without those in bodies and functions; `unranked` inputs
    declare no shape, which ONNX Runtime tells like a scalar's.
    """

    ir_version: int | None = None
    producer: str = ""
    producer_version: str = ""
    opsets: dict[str, int] = field(default_factory=dict)
    external_files: list[str] = field(default_factory=list)
    operators: set[str] = field(default_factory=set)
    unranked: set[str] = field(default_factory=set)


def read_header(path: str) -> OnnxHeader:
    """The header of a file that ONNX Runtime has accepted; empty where it is in another form."""
    header = OnnxHeader()
    try:
        # Mapped, not read: weights may take gigabytes and are only stepped over.
        _read_model(np.memmap(path, dtype=np.uint8, mode="r").data, header)
    except (ValueError, IndexError):
        # ORT's own format (.ort) is no protobuf.
        return OnnxHeader()
    return header


def _read_model(view: Buffer, header: OnnxHeader) -> None:
    for number, value in _fields(view):
        if isinstance(value, int):
            if number == MODEL_IR:
                header.ir_version = value
            continue
        if number == MODEL_PRODUCER:
            header.producer = _text(value)
        elif number == MODEL_PRODUCER_VERSION:
            header.producer_version = _text(value)
        elif number == MODEL_OPSET:
            parts = dict(_fields(value))
            domain, version = parts.get(OPSET_DOMAIN), parts.get(OPSET_VERSION, 0)
            name = _text(domain) if isinstance(domain, memoryview) else ""
            header.opsets["" if name == "ai.onnx" else name] = int(version)
        elif number == MODEL_GRAPH:
            header.external_files = sorted(set(_external_files(value)))
            header.operators = set(_operators(value))
            header.unranked = set(_unranked(value))


def _operators(graph: Buffer) -> Iterator[str]:
    for number, node in _fields(graph):
        if number != GRAPH_NODE or isinstance(node, int):
            continue
        for key, value in _fields(node):
            if key == NODE_OPERATOR and isinstance(value, memoryview):
                yield _text(value)


def _unranked(graph: Buffer) -> Iterator[str]:
    for number, value in _fields(graph):
        if number != GRAPH_INPUT or isinstance(value, int):
            continue
        parts = dict(_fields(value))
        name, kind = parts.get(VALUE_NAME), parts.get(VALUE_TYPE)
        if not isinstance(name, memoryview) or not isinstance(kind, memoryview):
            continue
        tensor = dict(_fields(kind)).get(TYPE_TENSOR)
        if isinstance(tensor, memoryview) and TENSOR_SHAPE not in dict(_fields(tensor)):
            yield _text(name)


def _external_files(graph: Buffer) -> Iterator[str]:
    for number, tensor in _fields(graph):
        if number != GRAPH_INITIALIZER or isinstance(tensor, int):
            continue
        for key, entry in _fields(tensor):
            if key == TENSOR_EXTERNAL and not isinstance(entry, int):
                pair = {k: _text(v) for k, v in _fields(entry) if not isinstance(v, int)}
                if pair.get(ENTRY_KEY) == "location":
                    yield pair.get(ENTRY_VALUE, "")


def _text(value: Buffer) -> str:
    return bytes(value).decode("utf-8", "replace")


def _fields(view: Buffer) -> Iterator[Field]:
    """(field number, number or bytes) of a protobuf message; bytes are views, nothing is copied."""
    position = 0
    while position < len(view):
        tag, position = _varint(view, position)
        number, wire = tag >> 3, tag & 7
        if wire == 0:
            value, position = _varint(view, position)
            yield number, value
            continue
        if wire == 2:
            size, position = _varint(view, position)
        elif wire in (1, 5):
            size = 8 if wire == 1 else 4
        else:
            raise ValueError(f"wire type {wire}")
        if position + size > len(view):
            raise ValueError("cut short")
        yield number, view[position : position + size]
        position += size


def _varint(view: Buffer, position: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = view[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, position
        shift += 7
