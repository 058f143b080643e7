"""Loop and Scan.

onnx's Loop stacks scan outputs with vstack (scalars become a column, matrices are joined end to end), never
runs when the condition is left out, and lets values around it hide the body's own inputs. Its Scan
refuses other axes and directions.
"""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

import onnx

from ..operator import Operator, implements


class _Body(Operator):
    def need_context(self) -> bool:
        """Bodies read values around them."""
        return True

    def evaluate(self, context: dict[str, Any], inputs: list[Any], attributes: Any) -> list[Any]:
        """The body's outputs."""
        names = self.body.input_names
        return self.body.run(None, {**context, **dict(zip(names, inputs, strict=True))}, attributes)

    def empty(self, output: int) -> np.ndarray:
        """A scan output of no steps, of the body's declared type and shape."""
        kind = self.body.output_types_[output].tensor_type
        sizes = [dim.dim_value for dim in kind.shape.dim]
        dtype = (
            onnx.helper.tensor_dtype_to_np_dtype(kind.elem_type) if kind.elem_type else np.float32
        )
        return np.zeros((0, *sizes), dtype)


@implements("Loop")
class Loop(_Body):
    """Inputs: trip count, condition, carried values; each may be left out."""

    def _run(
        self,
        trips: Any,
        condition: Any = None,
        *carried: Any,
        context: Any = None,
        attributes: Any = None,
        body: Any = None,
    ) -> tuple[Any, ...]:
        limit = None if trips is None else int(np.ravel(trips)[0])
        going = condition is None or bool(np.ravel(condition)[0])
        values = list(carried)
        scanned: list[list[Any]] = [[] for _ in self.body.output_names[1 + len(values) :]]
        for step in itertools.count():
            if not going or (limit is not None and step >= limit):
                break
            inputs = [np.array(step, np.int64), np.array(going), *values]
            flag, *outputs = self.evaluate(context, inputs, attributes)
            going = bool(np.ravel(flag)[0])
            for kept, value in zip(scanned, outputs[len(values) :], strict=True):
                kept.append(value)
            values = outputs[: len(values)]
        ends = [
            np.stack(kept) if kept else self.empty(1 + len(values) + i)
            for i, kept in enumerate(scanned)
        ]
        return (*values, *ends)


@implements("Scan")
class Scan(_Body):
    """Opset 9 and later: no batch axis of its own."""

    def _run(
        self,
        *inputs: Any,
        num_scan_inputs: int,
        context: Any = None,
        attributes: Any = None,
        body: Any = None,
        scan_input_axes: Any = None,
        scan_input_directions: Any = None,
        scan_output_axes: Any = None,
        scan_output_directions: Any = None,
    ) -> tuple[Any, ...]:
        if self.opset < 9:
            raise NotImplementedError("Scan of opset 8 has another signature; convert the model")
        states = list(inputs[: len(inputs) - num_scan_inputs])
        sequences = [
            _laid_out(value, axis, backward)
            for value, axis, backward in zip(
                inputs[len(states) :],
                scan_input_axes or [0] * num_scan_inputs,
                scan_input_directions or [0] * num_scan_inputs,
                strict=True,
            )
        ]
        outputs = len(self.body.output_names) - len(states)
        scanned: list[list[Any]] = [[] for _ in range(outputs)]
        for step in range(len(sequences[0])):
            slices = [np.asarray(value[step]) for value in sequences]
            results = self.evaluate(context, [*states, *slices], attributes)
            for kept, value in zip(scanned, results[len(states) :], strict=True):
                kept.append(value)
            states = results[: len(states)]
        ends = []
        for i, kept in enumerate(scanned):
            value = np.stack(kept) if kept else self.empty(len(states) + i)
            if (scan_output_directions or [0] * outputs)[i]:
                value = value[::-1]
            axis = (scan_output_axes or [0] * outputs)[i]
            ends.append(np.moveaxis(value, 0, axis if axis >= 0 else axis + value.ndim))
        return (*states, *ends)


def _laid_out(value: np.ndarray, axis: int, backward: int) -> np.ndarray:
    moved = np.moveaxis(value, axis, 0)
    return moved[::-1] if backward else moved
