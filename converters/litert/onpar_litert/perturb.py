"""Constants of a TFLite file, moved by one rounding step in its bytes."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from onpar_host.errors import WorkerError, describe_exception
from onpar_host.model import Model
from onpar_host.packages import require
from onpar_host.perturbing import generator, is_movable, moved, moved_bfloat16, widened_bfloat16
from onpar_host.variant import Perturb


def perturbed_content(model: Model, asked: Perturb) -> bytes:
    """The file with every constant float32, float16, bfloat16 and float64 tensor moved.

    Buffers keep their size, so the flatbuffer is edited in place. A buffer that several tensors
    share moves once. Quantised weights are integers and stay: their rounding is done.
    Raises WorkerError `model-load-failed`.
    """
    with open(model.path, "rb") as file:
        content = bytearray(file.read())
    schema = require("ai_edge_litert.schema_py_generated")
    try:
        root = schema.Model.GetRootAs(content, 0)
        for name, axis, bits, is_bfloat16 in _constants(schema, root, content):
            rng = generator(asked.seed, name)
            if is_bfloat16:
                if is_movable(widened_bfloat16(bits)):
                    bits[...] = moved_bfloat16(bits, asked.step, rng, axis)
            elif is_movable(bits):
                bits[...] = moved(bits, asked.step, rng, axis)
    except Exception as error:
        raise WorkerError(
            "model-load-failed",
            f"{model.shown}: its weights cannot be read: {describe_exception(error, model.root)}",
            fix="check that the file is complete",
        ) from error
    return bytes(content)


def _constants(
    schema: Any, root: Any, content: bytearray
) -> Iterator[tuple[str, int | None, np.ndarray, bool]]:
    """Name, axis of output channels, values as a writable view, whether they are bfloat16 bits."""
    dtypes = _dtypes(schema)
    seen: set[int] = set()
    for place in range(root.SubgraphsLength()):
        graph = root.Subgraphs(place)
        axes = _channel_axes(schema, root, graph)
        for index in range(graph.TensorsLength()):
            tensor = graph.Tensors(index)
            dtype = dtypes.get(tensor.Type())
            if dtype is None or tensor.Buffer() in seen:
                continue
            shape = tuple(int(d) for d in tensor.ShapeAsNumpy()) if tensor.ShapeLength() else ()
            view = _view(root.Buffers(tensor.Buffer()), content, dtype, shape)
            if view is None:
                continue
            seen.add(tensor.Buffer())
            name = f"{place}/{(tensor.Name() or b'').decode('utf-8', 'replace')}"
            # Most weights of TFLite begin with the output channels.
            axis = axes.get(index, 0) if shape else None
            yield name, axis, view, dtype == np.dtype("<u2")


def _dtypes(schema: Any) -> dict[int, np.dtype]:
    kinds = schema.TensorType
    found = {
        kinds.FLOAT32: np.dtype("<f4"),
        kinds.FLOAT16: np.dtype("<f2"),
        kinds.FLOAT64: np.dtype("<f8"),
    }
    if hasattr(kinds, "BFLOAT16"):
        found[kinds.BFLOAT16] = np.dtype("<u2")
    return found


def _channel_axes(schema: Any, root: Any, graph: Any) -> dict[int, int]:
    """Weights that do not begin with their output channels: depthwise ones, [1, h, w, channels]."""
    operators = schema.BuiltinOperator
    axes: dict[int, int] = {}
    for place in range(graph.OperatorsLength()):
        operator = graph.Operators(place)
        code = root.OperatorCodes(operator.OpcodeIndex())
        # Files of before 2020 have the code in a byte of its own.
        kind = max(code.BuiltinCode(), code.DeprecatedBuiltinCode())
        if kind == operators.DEPTHWISE_CONV_2D and operator.InputsLength() > 1:
            axes[operator.Inputs(1)] = 3
    return axes


def _view(
    buffer: Any, content: bytearray, dtype: np.dtype, shape: tuple[int, ...]
) -> np.ndarray | None:
    """None for tensors without constant data, and where data and shape disagree (sparse weights)."""
    size = math.prod(shape) * dtype.itemsize
    if buffer is None or size == 0:
        return None
    start = int(buffer.Offset()) if hasattr(buffer, "Offset") else 0
    if start > 1:
        # Models of more than 2 GB keep their data behind the flatbuffer.
        if int(buffer.Size()) != size:
            return None
    elif buffer.DataLength() == size:
        table = buffer._tab
        start = table.Vector(table.Offset(4))
    else:
        return None
    return np.frombuffer(content, dtype, math.prod(shape), start).reshape(shape)
