"""Inputs for a model of which only names, dtypes and shapes are known."""

from __future__ import annotations

import numpy as np

from .contract import TensorSpec
from .errors import WorkerError
from .tensor import Tensor

ANY_SIZE = 4
"""For dimensions that may vary: neither 0 nor 1, which broadcast, nor so many that it costs anything."""


def stand_ins(specs: list[TensorSpec]) -> dict[str, Tensor]:
    """Seeded noise for floats; ones for integers, which are an index nearly everywhere, and true.

    Raises WorkerError `taps-unsupported` where a shape or dtype is not known.
    """
    random = np.random.default_rng(0)
    made = {}
    for spec in specs:
        if spec.shape is None or spec.dtype is None or spec.dtype == "string":
            raise _unknown(spec.name)
        shape = [dim if isinstance(dim, int) else ANY_SIZE for dim in spec.shape]
        if spec.dtype == "bfloat16":
            ones = np.full(shape, 0x3F80, dtype=np.uint16)
            made[spec.name] = Tensor(ones, spec.dtype)
        elif spec.dtype.startswith("float"):
            made[spec.name] = Tensor(random.normal(size=shape).astype(spec.dtype), spec.dtype)
        else:
            made[spec.name] = Tensor(np.ones(shape, dtype=spec.dtype), spec.dtype)
    if not made:
        raise _unknown(None)
    return made


def _unknown(name: str | None) -> WorkerError:
    what = f"the shape of input {name} is not known" if name else "no inputs are declared"
    return WorkerError(
        "taps-unsupported",
        f"the graph of this model is found by running it, and {what}",
        fix="give a sample's file as `inputs` of `graph`, or declare the inputs in the suite",
    )
