"""The graph of an estimator, and the values between its stages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from onpar_host.errors import describe_exception
from onpar_host.graph import OpGraph, OpTensor
from onpar_host.tensor import DtypeError, Tensor, as_tensor

from .build import plan_of
from .plan import Plan

MOST_DENSE = 2**27
"""Elements of a sparse matrix written out: 1 GiB in double precision."""

APART = 1e-9
"""Largest difference, relative to rms, between the stages' outputs and the estimator's own: both are the
same code, in double precision where it counts."""


class Tapping:
    """The stages of an open estimator, taken apart once."""

    def __init__(self, estimator: Any, inputs: list[str]) -> None:
        self._plan: Plan = plan_of(estimator, inputs)

    def graph(self, features: Any | None) -> OpGraph:
        """With dtypes and shapes as they come out for `features`; without, they are not told."""
        told: dict[str, OpTensor] = {}
        if features is not None:
            rows = _rows(features)

            def seen(name: str, value: Any) -> None:
                told[name] = _told(value, rows)

            try:
                self._plan.run(features, seen)
            except Exception:
                # Zeros are not what every column takes; the stages are the same for all samples.
                told.clear()
        plan = self._plan
        nodes = [stage.node for stage in plan.stages]
        unknown = OpTensor(None, None, True)
        tensors = {name: OpTensor(None, None, False) for name in plan.inputs}
        for name, value in plan.constants.items():
            constant = as_tensor(value)
            tensors[name] = OpTensor(constant.dtype, list(constant.shape), False, True)
        for node in nodes:
            tensors.update({name: told.get(name, unknown) for name in node.outputs})
        return OpGraph("sklearn", plan.inputs, plan.outputs, nodes, tensors)

    def run(
        self, features: Any, names: list[str], answered: Callable[[str], Any]
    ) -> tuple[dict[str, Tensor], dict[str, str]]:
        """Values by name, and those that could not be had; `answered`: what the estimator said itself."""
        found: dict[str, Tensor] = {}
        missing: dict[str, str] = {}
        wrong: list[str] = []

        def seen(name: str, value: Any) -> None:
            if name in self._plan.outputs and not _agree(value, answered(name)):
                wrong.append(name)
            if name in names:
                _keep(name, value, found, missing)

        try:
            self._plan.run(features, seen)
        except Exception as error:
            return {}, dict.fromkeys(names, describe_exception(error))
        if wrong:
            reason = f"the stages answer otherwise than the estimator: {', '.join(wrong)}"
            return {}, dict.fromkeys(names, reason)
        for name in names:
            if name in self._plan.constants:
                _keep(name, self._plan.constants[name], found, missing)
            elif name not in found:
                missing.setdefault(name, "the estimator has no tensor of this name")
        return found, missing


def _keep(name: str, value: Any, found: dict[str, Tensor], missing: dict[str, str]) -> None:
    try:
        found[name] = _tensor(value)
    except (DtypeError, TypeError, ValueError) as error:
        missing[name] = str(error)


def _tensor(value: Any) -> Tensor:
    """Raises DtypeError for columns of several types, ValueError for what is too large."""
    if hasattr(value, "toarray"):
        if value.shape[0] * value.shape[1] > MOST_DENSE:
            raise ValueError(f"a sparse matrix of {value.shape} is too large to be written out")
        value = value.toarray()
    # A stage with copy=False may write into what it was given.
    return as_tensor(np.array(value))


def _told(value: Any, rows: int | None) -> OpTensor:
    try:
        tensor = _tensor(value)
    except (DtypeError, TypeError, ValueError):
        return OpTensor(None, None, False)
    shape = [None if axis == 0 and d == rows else int(d) for axis, d in enumerate(tensor.shape)]
    return OpTensor(tensor.dtype, shape, True)


def _rows(features: Any) -> int | None:
    shape = getattr(features, "shape", None)
    return int(shape[0]) if shape else None


def _agree(mine: Any, other: Any) -> bool:
    a, b = np.asarray(mine), np.asarray(other)
    if a.shape != b.shape or a.dtype.kind not in "fc":
        return bool(a.shape == b.shape and np.all(a == b))
    finite = b[np.isfinite(b)]
    rms = float(np.sqrt(np.mean(finite.astype(np.float64) ** 2))) if finite.size else 0.0
    allowed = max(APART, 16 * np.finfo(a.dtype).eps) * rms
    return bool(np.allclose(a, b, rtol=0, atol=allowed, equal_nan=True))
