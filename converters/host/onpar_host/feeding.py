"""Fits a sample's tensors to a model's contract, or says which one is refused and why."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from .containers import is_part
from .contract import Contract, Quantization, TensorSpec
from .errors import WorkerError
from .safetensors import SafetensorsError, read_tensors
from .tensor import FLOATS, HALVES, Tensor, cast_exactly, rounded_to_half


def read_sample(path: str) -> dict[str, Tensor]:
    """Tensors of a sample's file, in contract order. Raises WorkerError `input-mismatch`."""
    try:
        return read_tensors(path)
    except FileNotFoundError as error:
        raise WorkerError("input-mismatch", f"the sample's file {path} does not exist") from error
    except (SafetensorsError, OSError) as error:
        raise WorkerError("input-mismatch", f"the sample's file is unreadable: {error}") from error


def fit(tensors: Mapping[str, Tensor], contract: Contract) -> dict[str, Tensor]:
    """The tensors under the contract's own names, in its order, cast and quantised where due.

    A contract without inputs (a PyTorch module) takes what there is. Floats are rounded to inputs of
    16 bits; any other dtype is accepted only where every value survives the cast. The tensors of a
    container (containers.py) are passed on under their names. Raises WorkerError `input-mismatch`.
    """
    if not contract.inputs:
        return dict(tensors)
    containers = [spec.name for spec in contract.inputs if spec.container is not None]
    parts = {key: t for key, t in tensors.items() if any(is_part(key, name) for name in containers)}
    rest = {key: tensor for key, tensor in tensors.items() if key not in parts}
    plain = [spec for spec in contract.inputs if spec.container is None]
    paired = _pair(rest, Contract(plain, names=contract.names)) if plain or rest else []
    return {**{spec.name: _fit_one(tensor, spec) for spec, tensor in paired}, **parts}


def _pair(tensors: Mapping[str, Tensor], contract: Contract) -> list[tuple[TensorSpec, Tensor]]:
    wanted = [spec.name for spec in contract.inputs]
    if set(wanted) == set(tensors):
        return [(spec, tensors[spec.name]) for spec in contract.inputs]
    if contract.names != "declared" and len(wanted) == len(tensors):
        return list(zip(contract.inputs, tensors.values(), strict=True))
    raise WorkerError(
        "input-mismatch",
        f"the sample has {', '.join(tensors) or 'no inputs'}; the model takes {', '.join(wanted)}",
        fix="name the suite's inputs as the model does, or map them",
    )


def _fit_one(tensor: Tensor, spec: TensorSpec) -> Tensor:
    _check_shape(tensor, spec)
    if spec.dtype is None or tensor.dtype == spec.dtype:
        return tensor
    if spec.quantization is not None and tensor.dtype in FLOATS:
        return quantise(tensor, spec.quantization, spec.dtype)
    if spec.dtype in HALVES and tensor.dtype in FLOATS:
        # Samples are made for the original; whether the change was declared is the contract's business.
        return rounded_to_half(tensor, spec.dtype)
    cast = cast_exactly(tensor, spec.dtype)
    if cast is None:
        raise WorkerError(
            "input-mismatch",
            f"input {spec.name} is {tensor.dtype}; the model takes {spec.dtype}, "
            "and not every value survives the cast",
            fix=f"declare `dtype: {spec.dtype}` for input {spec.name}",
        )
    return cast


def _check_shape(tensor: Tensor, spec: TensorSpec) -> None:
    if spec.shape is None:
        return
    fits = len(spec.shape) == len(tensor.shape) and all(
        not isinstance(want, int) or want == have
        for want, have in zip(spec.shape, tensor.shape, strict=True)
    )
    if not fits:
        wanted = ", ".join("?" if d is None else str(d) for d in spec.shape)
        had = ", ".join(map(str, tensor.shape))
        raise WorkerError(
            "input-mismatch", f"input {spec.name} has shape [{had}]; the model takes [{wanted}]"
        )


def quantise(tensor: Tensor, quantization: Quantization, dtype: str) -> Tensor:
    """Real numbers as the model stores them: half away from zero, saturated; NaN becomes zero."""
    real = tensor.to_float64()
    shape = [1] * real.ndim
    if quantization.axis is not None and len(quantization.scales) > 1:
        shape[quantization.axis] = len(quantization.scales)
    scales = np.asarray(quantization.scales, dtype=np.float64)
    zeros = np.asarray(quantization.zero_points, dtype=np.float64)
    if len(quantization.scales) > 1:
        scales, zeros = scales.reshape(shape), zeros.reshape(shape)
    steps = np.nan_to_num(real / scales, nan=0.0)
    limits = np.iinfo(dtype)
    stored = np.trunc(steps + np.copysign(0.5, steps)) + zeros
    return Tensor(np.clip(stored, limits.min, limits.max).astype(dtype), dtype)
