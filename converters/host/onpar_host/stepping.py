"""Sequences: a model run step after step, its outputs fed back, all steps of an output in one tensor.

The step is the axis behind the first one, `[batch, step, ...]`, as data sets and Keras have it; a
scalar becomes `[1, step]`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from .errors import WorkerError
from .perturbing import generator, moved, moved_bfloat16
from .tensor import FLOATS, Tensor

STEP_AXIS = 1


@dataclass(frozen=True)
class Link:
    """`output` of one step is `input` of the next; `position` where the model has no such name."""

    output: str
    position: int
    input: str


@dataclass(frozen=True)
class Growth:
    """Step t is given the first `start + by * t` along `axis` of the step's own shape."""

    axis: int
    start: int
    by: int


@dataclass(frozen=True)
class Sequence:
    """How a model goes from step to step; names of inputs are the model's own."""

    steps: int
    links: list[Link]
    grow: dict[str, Growth]
    move: int | None = None
    """Seed with which states are moved by an ulp on their way; None: they are not."""

    @staticmethod
    def from_json(value: dict[str, Any], rename: Mapping[str, str]) -> Sequence:
        """From a `run` request; inputs there carry the names of the samples."""

        def own(name: str) -> str:
            return rename.get(name, name)

        return Sequence(
            int(value["steps"]),
            [
                Link(str(link["output"]), int(link["position"]), own(str(link["input"])))
                for link in value["feedback"]
            ],
            {
                own(str(g["input"])): Growth(int(g["axis"]), int(g["from"]), int(g["by"]))
                for g in value["grow"]
            },
            value.get("move"),
        )


def run_steps(
    sequence: Sequence,
    given: Mapping[str, Tensor],
    run: Callable[[dict[str, Tensor]], dict[str, Tensor]],
) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """All steps of all outputs, and the outputs of the last step as the model gave them.

    `given` holds all steps of the inputs and the first value of the states. Raises WorkerError of the
    step that failed, with its number (from 1) before the message.
    """
    states = {link.input for link in sequence.links}
    missing = [name for name in states if name not in given]
    if missing:
        raise WorkerError(
            "input-mismatch",
            f"the sample lacks the first value of {', '.join(sorted(missing))}",
            fix=f"it has {', '.join(given)}",
        )
    stepped = [name for name in given if name not in states]
    current = {name: given[name] for name in states}
    collected: dict[str, list[Tensor]] = {}
    outputs: dict[str, Tensor] = {}
    for step in range(_count(sequence, given, stepped)):
        fed = {
            name: current[name] if name in states else _at(name, tensor, step, sequence.grow)
            for name, tensor in given.items()
        }
        try:
            outputs = run(fed)
            current = {
                link.input: _moved(outputs[_named(link, outputs)], sequence.move, link, step)
                for link in sequence.links
            }
        except WorkerError as error:
            raise _in_step(error, step, sequence.links) from error
        if collected and set(collected) != set(outputs):
            raise WorkerError(
                "run-failed",
                f"step {step + 1} gave {', '.join(outputs)}; before it gave {', '.join(collected)}",
            )
        for name, tensor in outputs.items():
            # The next step may write where this one's answer lies.
            kept = Tensor(np.array(tensor.array, copy=True), tensor.dtype)
            collected.setdefault(name, []).append(kept)
    return {name: _stacked(name, steps) for name, steps in collected.items()}, outputs


def _count(sequence: Sequence, given: Mapping[str, Tensor], stepped: list[str]) -> int:
    counts = {}
    for name in stepped:
        shape = given[name].shape
        if len(shape) <= STEP_AXIS:
            raise WorkerError("input-mismatch", f"input {name} of the sample has no axis of steps")
        counts[name] = shape[STEP_AXIS]
    if len(set(counts.values())) > 1:
        held = ", ".join(f"{name} {count}" for name, count in counts.items())
        raise WorkerError("input-mismatch", f"inputs hold different numbers of steps: {held}")
    return next(iter(counts.values()), sequence.steps)


def _at(name: str, tensor: Tensor, step: int, grow: Mapping[str, Growth]) -> Tensor:
    array = np.take(tensor.array, step, axis=STEP_AXIS)
    growth = grow.get(name)
    if growth is not None:
        size = growth.start + growth.by * step
        if size > array.shape[growth.axis]:
            has = array.shape[growth.axis]
            raise WorkerError(
                "input-mismatch", f"input {name}: axis {growth.axis} has {has} of {size} places"
            )
        array = np.take(array, range(size), axis=growth.axis)
    return Tensor(np.ascontiguousarray(array).reshape(array.shape), tensor.dtype)


def _moved(tensor: Tensor, seed: int | None, link: Link, step: int) -> Tensor:
    """By -1, 0 or +1 ulp of float32 (half types: of their own); what counts or chooses stays."""
    if seed is None or tensor.dtype not in FLOATS:
        return tensor
    values = tensor.to_float64()
    if np.all((values == np.trunc(values)) | ~np.isfinite(values)):
        return tensor
    rng = generator(seed, f"{link.input}#{step}")
    if tensor.dtype == "bfloat16":
        return Tensor(moved_bfloat16(tensor.array, "float32", rng, None), tensor.dtype)
    return Tensor(moved(tensor.array, "float32", rng, None), tensor.dtype)


def _named(link: Link, outputs: Mapping[str, Tensor]) -> str:
    names = list(outputs)
    if link.output in outputs:
        return link.output
    # Names that were counted (`output_0`) are no names: then the place says which one is meant.
    if 0 <= link.position < len(names):
        return names[link.position]
    raise WorkerError(
        "state-output-unknown",
        f"`state` names output {link.output}, which the model does not give",
        fix=f"its outputs: {', '.join(names)}",
    )


def _in_step(error: WorkerError, step: int, links: list[Link]) -> WorkerError:
    if error.code == "state-output-unknown":
        return error
    told = f"step {step + 1}"
    if step > 0:
        told += f" (state {', '.join(f'{link.output} → {link.input}' for link in links)})"
    return WorkerError(error.code, f"{told}: {error.message}", fix=error.fix, detail=error.detail)


def _stacked(name: str, steps: list[Tensor]) -> Tensor:
    """`[batch, step, ...]`; what grows is filled up with NaN, integers with 0."""
    dtypes = {tensor.dtype for tensor in steps}
    if len(dtypes) > 1:
        raise WorkerError(
            "run-failed", f"output {name} changes its dtype: {', '.join(sorted(dtypes))}"
        )
    dtype = steps[0].dtype
    arrays = [tensor.array.reshape(tensor.shape or (1,)) for tensor in steps]
    if len({array.ndim for array in arrays}) > 1:
        raise WorkerError("run-failed", f"output {name} changes its rank from step to step")
    largest = tuple(max(sizes) for sizes in zip(*(array.shape for array in arrays), strict=True))
    filled = [_filled(array, largest, dtype) for array in arrays]
    return Tensor(np.stack(filled, axis=STEP_AXIS), dtype)


def _filled(array: np.ndarray, shape: tuple[int, ...], dtype: str) -> np.ndarray:
    if array.shape == shape:
        return array
    if dtype == "string":
        whole = np.full(shape, "", dtype=object)
    elif dtype in FLOATS:
        # The pattern of a quiet NaN, where numpy has no such dtype.
        nan = np.uint16(0x7FC0) if dtype == "bfloat16" else np.nan
        whole = np.full(shape, nan, dtype=array.dtype)
    else:
        whole = np.zeros(shape, dtype=array.dtype)
    whole[tuple(slice(0, size) for size in array.shape)] = array
    return whole
