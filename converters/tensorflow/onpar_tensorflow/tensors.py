"""Between onpar's tensors and TensorFlow's."""

from __future__ import annotations

import re
from typing import Any

from onpar_host.contract import Dim, TensorSpec
from onpar_host.errors import WorkerError
from onpar_host.packages import require
from onpar_host.tensor import DTYPES, Tensor, as_tensor


def to_tensorflow(tensor: Tensor) -> Any:
    """A tf.Tensor, which nobody can write into; text becomes tf.string."""
    tf = require("tensorflow")
    if tensor.dtype == "bfloat16":
        return tf.bitcast(tf.constant(tensor.array), tf.bfloat16)
    if tensor.dtype == "string":
        return tf.constant(tensor.array.tolist(), dtype=tf.string, shape=tensor.shape)
    return tf.constant(tensor.array)


def from_tensorflow(name: str, value: Any) -> Tensor:
    """Raises WorkerError `run-failed` for ragged and sparse values, and for dtypes records lack."""
    if not hasattr(value, "numpy"):
        raise WorkerError(
            "run-failed", f"output {name} is a {type(value).__name__}, not a dense tensor"
        )
    try:
        return as_tensor(value.numpy())
    except ValueError as error:
        raise WorkerError("run-failed", f"output {name}: {error}") from error


def spec_of(name: str, tensor_spec: Any) -> TensorSpec:
    """From anything with `dtype` and `shape`: a tf.TensorSpec or a KerasTensor."""
    dtype = getattr(tensor_spec.dtype, "name", tensor_spec.dtype)
    return TensorSpec(name, dtype if dtype in DTYPES else None, _shape(tensor_spec.shape))


def _shape(shape: Any) -> list[Dim] | None:
    if getattr(shape, "rank", 0) is None:
        return None
    return [None if dim is None else int(dim) for dim in shape]


def natural(name: str) -> list[str | int]:
    """Sort key that puts output_2 before output_10."""
    return [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", name)]


def set_threads(threads: int | None) -> int:
    """Sets threads inside an operator and gives what holds; 0 means that TensorFlow decides.

    Raises WorkerError `bad-request` when the process has already run with another number.
    """
    threading = require("tensorflow").config.threading
    if threads is not None and threading.get_intra_op_parallelism_threads() != threads:
        try:
            threading.set_intra_op_parallelism_threads(threads)
            threading.set_inter_op_parallelism_threads(threads)
        except RuntimeError as error:
            raise WorkerError(
                "bad-request",
                f"option threads is {threads}, but TensorFlow already runs with another number",
                fix="use one worker per number of threads",
            ) from error
    return threading.get_intra_op_parallelism_threads()
