"""Weights moved by one rounding step, in place."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import numpy as np
from onpar_host.packages import require
from onpar_host.perturbing import (
    generator,
    is_movable,
    moved,
    moved_bfloat16,
    widened_bfloat16,
)
from onpar_host.variant import Perturb

from .tensors_of import Held, held_tensors


def perturb(module: Any, asked: Perturb) -> int:
    """Moves every float tensor of 16 elements or more that the module holds; gives their number.

    Tensors that share memory (tied weights, views) are moved once, under the first of their names,
    and stay tied. `running_var` and other positive statistics stay positive: they have one element
    a channel, which moves by ulps, and an ulp does not change a sign.
    """
    torch = require("torch")
    groups: dict[int, list[Held]] = defaultdict(list)
    for held in held_tensors(module):
        if _can_move(held.tensor):
            groups[held.tensor.untyped_storage().data_ptr()].append(held)
    with torch.inference_mode():
        return sum(_move_group(group, asked) for group in groups.values())


def _can_move(tensor: Any) -> bool:
    torch = require("torch")
    if type(tensor) not in (torch.Tensor, torch.nn.Parameter):
        return False
    if tensor.layout != torch.strided or tensor.device.type != "cpu" or tensor.is_quantized:
        return False
    return tensor.is_floating_point() or tensor.is_complex()


def _move_group(group: list[Held], asked: Perturb) -> int:
    """Tensors of one memory: the largest first; of the others only what it does not cover."""
    torch = require("torch")
    ordered = sorted(group, key=lambda held: (-held.tensor.numel(), held.name))
    first = ordered[0].tensor
    touched = torch.zeros(
        first.untyped_storage().nbytes() // first.element_size(), dtype=torch.bool
    )
    count = 0
    for held in ordered:
        if held.tensor.dtype != first.dtype:
            continue
        target = _without_repeats(held.tensor.detach())
        seen = touched.as_strided(target.shape, target.stride(), target.storage_offset())
        if bool(seen.all()):
            continue
        # The whole array is drawn even where a part is moved already, so that names alone decide.
        after = _moved(target, asked, held)
        if after is not None:
            target.copy_(torch.where(seen, target, after))
            count += 1
        seen.fill_(True)
    return count


def _without_repeats(tensor: Any) -> Any:
    # An expanded tensor shows one element at many places; it can only be written at one.
    for axis, stride in enumerate(tensor.stride()):
        if stride == 0 and tensor.shape[axis] > 1:
            tensor = tensor.narrow(axis, 0, 1)
    return tensor


def _moved(tensor: Any, asked: Perturb, held: Held) -> Any | None:
    torch = require("torch")
    if tensor.is_complex():
        parts = _moved(torch.view_as_real(tensor.resolve_conj()), asked, held)
        return None if parts is None else torch.view_as_complex(parts)
    axis = channel_axis(held.owner, held.name, tensor.ndim)
    rng = generator(asked.seed, held.name)
    plain = tensor.contiguous().resolve_neg()
    if plain.dtype == torch.bfloat16:
        bits = plain.view(torch.int16).numpy().view(np.uint16)
        if not is_movable(widened_bfloat16(bits)):
            return None
        after = moved_bfloat16(bits, asked.step, rng, axis)
        return torch.from_numpy(after.view(np.int16)).view(torch.bfloat16)
    if plain.dtype not in (torch.float64, torch.float32, torch.float16):
        return None
    array = plain.numpy()
    return torch.from_numpy(moved(array, asked.step, rng, axis)) if is_movable(array) else None


def channel_axis(owner: Any | None, name: str, rank: int) -> int | None:
    """Where a weight has its output channels: axis 1 for transposed convolutions, else axis 0.

    Linear, Conv, the input and hidden weights of RNNs and attention's projections begin with them;
    an embedding has a row each. None (a single grid) for tensors without axes.
    """
    if rank == 0:
        return None
    kind = getattr(owner, "original_name", None) or type(owner).__name__
    transposed = kind.startswith(("ConvTranspose", "LazyConvTranspose"))
    return 1 if transposed and rank > 1 and name.rpartition(".")[2] == "weight" else 0
