"""The largest sizes of dynamic dimensions: ExecuTorch plans its memory ahead, for them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from onpar_host.errors import WorkerError
from onpar_host.exporting import ExportJob
from onpar_host.packages import require
from onpar_pytorch.exporters.tracing import Traceable, dynamic_axes

FIRST_AXIS = 8
"""Rows of a batch: more than the three that the built-in samples have at most, at little memory."""

OTHER_AXES = 264
"""Past the largest size that the built-in samples try for a dimension that is no batch (257)."""

UNNAMED = "unnamed"
"""Under which maxSizes and the facts have all dimensions that the suite gives no name."""


@dataclass(frozen=True)
class Bounds:
    """`sizes`: name of a dimension → its largest size; `dimension`: what torch.export takes for it."""

    sizes: dict[str, int]
    dimension: Callable[[str | None], Any]


def bounds_of(job: ExportJob, traceable: Traceable) -> Bounds:
    """Raises WorkerError `bad-request` for a bound of an unknown dimension or below the example."""
    asked = _asked(job)
    least: dict[str, int] = {}
    sizes: dict[str, int] = {}
    for name, axes in dynamic_axes(job.inputs).items():
        for axis, dim in axes.items():
            key = dim or UNNAMED
            example = int(traceable.tensors[name].shape[axis])
            least[key] = max(least.get(key, 0), example)
            usual = FIRST_AXIS if axis == 0 else OTHER_AXES
            sizes[key] = max(sizes.get(key, 0), usual, 2 * example)
    unknown = [key for key in asked if key not in sizes]
    if unknown:
        raise WorkerError(
            "bad-request",
            f"maxSizes names {', '.join(unknown)}; dynamic are {', '.join(sizes) or 'none'}",
            fix="name dimensions as `inputs:` of the suite does",
        )
    for key, size in asked.items():
        if size < least[key]:
            raise WorkerError(
                "bad-request",
                f"maxSizes gives {key} at most {size}, and the example has {least[key]}",
                fix=f"give it at least {least[key]}",
            )
    sizes.update(asked)
    dynamic = require("torch").export.Dim.DYNAMIC
    return Bounds(sizes, lambda dim: dynamic(max=sizes[dim or UNNAMED]))


def _asked(job: ExportJob) -> dict[str, int]:
    given = job.options["maxSizes"] or {}
    for key, size in given.items():
        if not isinstance(size, int) or isinstance(size, bool) or size < 1:
            raise WorkerError(
                "bad-request",
                f"maxSizes gives {key} the size {size!r}",
                fix="give a whole number of at least 1",
            )
    return dict(given)
