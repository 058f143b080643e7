"""Typical inputs from which the ranges of an int8 model are taken."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from .contract import Contract, TensorSpec
from .errors import WorkerError
from .exporting import ExportJob
from .safetensors import read_tensors
from .tracebacks import shown_path

FIX = "save one array for each input, named as the input, with the rows along its first axis"


def calibration_paths(job: ExportJob) -> list[str]:
    """The files that the option names. Raises WorkerError `calibration-missing` without one."""
    given = job.options["calibration"]
    paths = [given] if isinstance(given, str) else list(given or [])
    if not paths:
        precision = job.options.get("precision")
        what = "this conversion" if precision is None else f"precision {precision}"
        raise WorkerError(
            "calibration-missing",
            f"{job.model.shown}: {what} needs calibration data",
            fix="give `options: {calibration: data.npz}`: typical inputs, one array for each input",
        )
    for path in paths:
        if not os.path.isfile(path):
            raise WorkerError(
                "export-failed",
                f"calibration file {shown_path(path, job.model.root)} does not exist",
                fix="give an npy, npz or safetensors file of typical inputs",
            )
    return paths


def read_rows(paths: list[str], contract: Contract, job: ExportJob) -> list[dict[str, Any]]:
    """Feeds for the converter: input name → array with as many rows as the signature's batch.

    Arrays named otherwise than the inputs are taken in order. Raises WorkerError `export-failed`.
    """
    rows: list[dict[str, Any]] = []
    for path in paths:
        shown = shown_path(path, job.model.root)
        arrays = _named(read_arrays(path, shown), contract.inputs, job.inputs, shown)
        rows.extend(_slices(arrays, contract.inputs, shown))
    if not rows:
        raise WorkerError("export-failed", "the calibration files hold no rows", fix=FIX)
    return rows


def read_arrays(path: str, shown: str) -> dict[str, np.ndarray]:
    """Arrays of an npz, safetensors or npy file (its name is empty). Raises `export-failed`."""
    try:
        if path.endswith(".safetensors"):
            return {name: tensor.array for name, tensor in read_tensors(path).items()}
        loaded = np.load(path, allow_pickle=False)
        if isinstance(loaded, np.ndarray):
            return {"": loaded}
        return {name: loaded[name] for name in loaded.files}
    except (ValueError, OSError) as error:
        raise WorkerError("export-failed", f"calibration file {shown}: {error}", fix=FIX) from error


def _named(
    arrays: dict[str, np.ndarray], wanted: list[TensorSpec], suite: list[TensorSpec], shown: str
) -> dict[str, np.ndarray]:
    """By the signature's names, by the suite's names for the same inputs, else in order."""
    names = [spec.name for spec in wanted]
    if set(names) <= set(arrays):
        return {name: arrays[name] for name in names}
    theirs = [spec.name for spec in suite]
    if len(theirs) == len(names) and set(theirs) <= set(arrays):
        return {name: arrays[other] for name, other in zip(names, theirs, strict=True)}
    if len(arrays) == len(names):
        return dict(zip(names, arrays.values(), strict=True))
    raise WorkerError(
        "export-failed",
        f"calibration file {shown} has {', '.join(arrays)}; the model takes {', '.join(names)}",
        fix=FIX,
    )


def _slices(
    arrays: dict[str, np.ndarray], specs: list[TensorSpec], shown: str
) -> list[dict[str, np.ndarray]]:
    by_name = {spec.name: spec for spec in specs}
    for name, array in arrays.items():
        rank = len(by_name[name].shape or [])
        if array.ndim != rank:
            raise WorkerError(
                "export-failed",
                f"calibration file {shown}: {name} has {array.ndim} axes, the model's input {rank}",
                fix=FIX,
            )
    batch = next((s.shape[0] for s in specs if s.shape and isinstance(s.shape[0], int)), 1)
    count = min((len(array) for array in arrays.values()), default=0)
    return [
        {
            name: array[start : start + batch].astype(by_name[name].dtype or array.dtype)
            for name, array in arrays.items()
        }
        for start in range(0, count - batch + 1, batch)
    ]
