"""Typical inputs from files: what static quantisation takes its ranges from."""

from __future__ import annotations

from typing import Any

import numpy as np
from onpar_host.calibration import calibration_paths, read_arrays
from onpar_host.errors import WorkerError
from onpar_host.exporting import ExportJob
from onpar_host.findings import Finding
from onpar_host.packages import require
from onpar_host.tensor import as_tensor, cast_exactly
from onpar_host.tracebacks import shown_path

from .warned import warning

FIX = "save one array for each input, named as the input, with the rows along its first axis"

Feed = dict[str, np.ndarray]


class CalibrationRows:
    """Feeds for onnxruntime, batch by batch: input name → array.

    A model with a fixed batch gets as many rows at once as it wants, any other one row; inputs
    without axes are given whole. Arrays named otherwise than the inputs are taken in order.
    Raises WorkerError `calibration-missing` without files, `export-failed` for missing, unreadable
    or unfitting ones.
    """

    def __init__(self, job: ExportJob, model: Any) -> None:
        self._job = job
        self._inputs = _inputs_of(model)
        self.paths = calibration_paths(job)
        self.feeds: list[Feed] = []
        for path in self.paths:
            shown = shown_path(path, job.model.root)
            self.feeds.extend(self._slices(self._fitting(read_arrays(path, shown), shown), shown))
        if not self.feeds:
            raise WorkerError("export-failed", "the calibration files hold no rows", fix=FIX)
        self._next = 0

    def first(self) -> Feed:
        """The first batch."""
        return self.feeds[0]

    def get_next(self) -> Feed | None:
        """The method of onnxruntime's CalibrationDataReader: the next batch, None at the end."""
        if self._next >= len(self.feeds):
            return None
        self._next += 1
        return self.feeds[self._next - 1]

    def findings(self) -> list[Finding]:
        """Inputs that hold one value throughout: ranges learnt from them are no ranges."""
        found = []
        for name in self._inputs:
            values = {float(v) for feed in self.feeds for v in _extent(feed[name])}
            if len(values) == 1 and self.feeds[0][name].ndim > 0:
                found.append(
                    warning(
                        f"calibration data for {name} is {values.pop():g} in every element of all "
                        f"{len(self.feeds)} batches: the ranges taken from it fit nothing else"
                    )
                )
        return found

    def _fitting(self, arrays: dict[str, np.ndarray], shown: str) -> dict[str, np.ndarray]:
        names = list(self._inputs)
        theirs = [spec.name for spec in self._job.inputs]
        if set(names) <= set(arrays):
            named = {name: arrays[name] for name in names}
        elif len(theirs) == len(names) and set(theirs) <= set(arrays):
            named = {name: arrays[other] for name, other in zip(names, theirs, strict=True)}
        elif len(arrays) == len(names) == 1:
            named = dict(zip(names, arrays.values(), strict=True))
        else:
            raise WorkerError(
                "export-failed",
                f"calibration file {shown} has {', '.join(arrays)}; "
                f"the model takes {', '.join(names)}",
                fix=FIX,
            )
        return {name: self._typed(name, array, shown) for name, array in named.items()}

    def _typed(self, name: str, array: np.ndarray, shown: str) -> np.ndarray:
        """Floats are rounded to the input's type; anything else must survive the cast."""
        dtype, shape = self._inputs[name]
        if array.ndim != len(shape):
            raise WorkerError(
                "export-failed",
                f"calibration file {shown}: {name} has {array.ndim} axes, "
                f"the model's input {len(shape)}",
                fix=FIX,
            )
        for axis, (size, wanted) in enumerate(zip(array.shape, shape, strict=True)):
            if axis > 0 and isinstance(wanted, int) and size != wanted:
                raise WorkerError(
                    "export-failed",
                    f"calibration file {shown}: {name} has size {size} on axis {axis}, "
                    f"the model's input {wanted}",
                    fix=FIX,
                )
        if array.dtype.kind == "f" and dtype in ("float16", "float32", "float64"):
            return np.ascontiguousarray(array.astype(dtype))
        cast = cast_exactly(as_tensor(array), dtype)
        if cast is None:
            raise WorkerError(
                "export-failed",
                f"calibration file {shown}: {name} is {array.dtype} and its values do not fit {dtype}",
                fix=f"save {name} as {dtype}",
            )
        return np.ascontiguousarray(cast.array)

    def _slices(self, arrays: dict[str, np.ndarray], shown: str) -> list[Feed]:
        shapes = {name: shape for name, (_, shape) in self._inputs.items()}
        fixed = {s[0] for s in shapes.values() if s and isinstance(s[0], int)}
        batch = max(fixed, default=1)
        counts = {name: len(array) for name, array in arrays.items() if array.ndim > 0}
        if not counts:
            return [arrays]
        if len(set(counts.values())) > 1:
            listed = ", ".join(f"{name} {count}" for name, count in counts.items())
            raise WorkerError(
                "export-failed",
                f"calibration file {shown} has another number of rows for each input: {listed}",
                fix=FIX,
            )
        count = next(iter(counts.values()))
        return [
            {
                name: array[start : start + batch] if array.ndim > 0 else array
                for name, array in arrays.items()
            }
            for start in range(0, count - batch + 1, batch)
        ]


def _inputs_of(model: Any) -> dict[str, tuple[str, list[int | None]]]:
    """Name → (numpy dtype, sizes; None where dynamic), in the graph's order, without initializers."""
    onnx = require("onnx")
    stored = {tensor.name for tensor in model.graph.initializer}
    found = {}
    for value in model.graph.input:
        if value.name in stored:
            continue
        tensor = value.type.tensor_type
        dtype = onnx.helper.tensor_dtype_to_np_dtype(tensor.elem_type).name
        sizes = [d.dim_value if d.HasField("dim_value") else None for d in tensor.shape.dim]
        found[value.name] = (dtype, sizes)
    return found


def _extent(array: np.ndarray) -> tuple[Any, ...]:
    return (array.min(), array.max()) if array.size and array.dtype.kind in "fiu" else ()
