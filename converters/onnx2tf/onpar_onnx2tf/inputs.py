"""The inputs of an ONNX model, and what onnx2tf is told to do with their axes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from onpar_host.errors import WorkerError
from onpar_host.exporting import ExportJob
from onpar_host.packages import require

from .layouts import RANKS, channels_last


@dataclass(frozen=True)
class Axes:
    """An input or output by its name in the ONNX model, and its dtype there (outputs: as written).

    `layout`: which axis of it each axis of the converted one is; None where they stay.
    `kept`: which option of onnx2tf keeps them, `-kt` (layout) or `-kat` (shape).
    """

    name: str
    dtype: str
    layout: list[int] | None
    kept: Literal["layout", "shape"] | None = None


def inputs_of(job: ExportJob, proto: Any) -> list[Axes]:
    """In the graph's order, without initializers. Raises WorkerError `bad-request`."""
    stored = {tensor.name for tensor in proto.graph.initializer}
    values = [value for value in proto.graph.input if value.name not in stored]
    as_they_lie = job.options["keepShape"] or []
    unknown = [name for name in as_they_lie if name not in {value.name for value in values}]
    if unknown:
        raise WorkerError(
            "bad-request",
            f"keepShape names {', '.join(map(str, unknown))}, which {job.model.shown} does not take",
            fix=f"its inputs are {', '.join(value.name for value in values)}",
        )
    found = []
    for value in values:
        rank, dtype = len(sizes_of(value) or []), _dtype(value)
        if value.name in as_they_lie:
            found.append(Axes(value.name, dtype, None, "shape"))
        elif rank in RANKS and job.options["keepLayout"]:
            found.append(Axes(value.name, dtype, None, "layout"))
        else:
            found.append(Axes(value.name, dtype, channels_last(rank) if rank in RANKS else None))
    return found


def sizes_of(value: Any) -> list[int | None] | None:
    """Sizes of a ValueInfo, None where dynamic; None as a whole without a shape."""
    tensor = value.type.tensor_type
    if not tensor.HasField("shape"):
        return None
    return [d.dim_value if d.HasField("dim_value") else None for d in tensor.shape.dim]


def _dtype(value: Any) -> str:
    number = value.type.tensor_type.elem_type
    return require("onnx").helper.tensor_dtype_to_np_dtype(number).name
