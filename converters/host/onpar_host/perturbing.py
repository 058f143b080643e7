"""Moves weights by one rounding step at random, the same way in every toolchain (variant `perturb`)."""

from __future__ import annotations

import hashlib
import math

import numpy as np

MINIMUM_ELEMENTS = 16
"""Smaller tensors are scales, epsilons and shapes as often as weights: they stay."""

ROUNDOFF = {"float64": 2.0**-53, "float32": 2.0**-24, "float16": 2.0**-11, "bfloat16": 2.0**-8}
"""Unit roundoff of each float type (IEEE 754-2019, table 3.5; bfloat16: 8 bits of significand)."""

_BITS = {"float32": np.uint32, "float16": np.uint16, "bfloat16": np.uint16}


def generator(seed: int, name: str) -> np.random.Generator:
    """A stream of its own for each tensor, so that moves do not depend on the order of tensors.

    Python's hash() differs from process to process; SHA-256 does not.
    """
    digest = np.frombuffer(hashlib.sha256(name.encode("utf-8")).digest(), dtype="<u4")
    entropy = [seed % 2**64, *(int(word) for word in digest)]
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(entropy)))


def is_movable(array: np.ndarray) -> bool:
    """Whether a tensor is a weight that rounding touches: a float type, 16 elements or more, no mask.

    A mask has at most two distinct values, one of them zero: such a table is written, not learnt.
    """
    if array.dtype.name not in ROUNDOFF or array.size < MINIMUM_ELEMENTS:
        return False
    return not _is_mask(array)


def moved(
    array: np.ndarray, step: str, rng: np.random.Generator, channel_axis: int | None
) -> np.ndarray:
    """A copy of a float array (any shape, own dtype kept) with every element moved by one `step`.

    `float32`: by -1, 0 or +1 ulp, each as likely. `float16`, `bfloat16`: by up to their unit
    roundoff, relative, uniform. `int8`: by up to half a step of the symmetric grid max|w|/127,
    uniform, the maximum taken per index of `channel_axis` (None: of the whole tensor).

    A tensor that is stored no finer than `step` moves by -1, 0 or +1 ulp of its own: smaller moves
    would be rounded away. One that is stored finer moves by the ulp of `step`, not by its own.
    Zeros stay (every grid has them), non-finite values stay, and nothing becomes non-finite. A
    float type that numpy does not know stays as it is.
    """
    own = array.dtype.name
    if own not in ROUNDOFF:
        return array.copy()
    if step == "int8":
        if _elements_of_a_channel(array, channel_axis) > 1:
            return _settled(array, _int8(array, rng, channel_axis))
        # Alone on its grid an element is its own maximum, which the grid holds exactly.
        step = "float32"
    if ROUNDOFF[own] >= ROUNDOFF[step]:
        return _own_ulp(array, rng)
    wide = array.astype(np.float64)
    if step == "float32":
        move = _ulp_of_float32(wide) * rng.integers(-1, 2, size=array.shape, dtype=np.int8)
    else:
        move = wide * (ROUNDOFF[step] * rng.uniform(-1.0, 1.0, size=array.shape))
    return _settled(array, wide + move)


def moved_bfloat16(
    bits: np.ndarray, step: str, rng: np.random.Generator, channel_axis: int | None
) -> np.ndarray:
    """`moved` for bfloat16 as uint16 bit patterns, which needs no package that knows the type."""
    wide = widened_bfloat16(bits)
    if step == "int8" and _elements_of_a_channel(bits, channel_axis) > 1:
        after = moved(wide, step, rng, channel_axis).view(np.uint32)
        # To nearest, ties to even: half of the dropped part, less one where the kept part is even.
        after = (after + 0x7FFF + ((after >> 16) & 1)) >> 16
    else:
        after = bits + rng.integers(-1, 2, size=bits.shape, dtype=np.int8).astype(np.uint16)
    after = after.astype(np.uint16)
    stays = (wide == 0) | ~np.isfinite(wide) | ~np.isfinite(widened_bfloat16(after))
    return np.where(stays, bits, after)


def widened_bfloat16(bits: np.ndarray) -> np.ndarray:
    """The float32 values of bfloat16 bit patterns, exact."""
    return (bits.astype(np.uint32) << np.uint32(16)).view(np.float32)


def _own_ulp(array: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    # A float's bits are sign and magnitude: counting the magnitude up or down is np.nextafter
    # away from or towards zero, also for types that np.nextafter does not know.
    bits = np.ascontiguousarray(array).view(_BITS.get(array.dtype.name, np.uint64))
    steps = rng.integers(-1, 2, size=array.shape, dtype=np.int8)
    after = (bits + steps.astype(bits.dtype)).view(array.dtype).reshape(array.shape)
    return _settled(array, after)


def _ulp_of_float32(wide: np.ndarray) -> np.ndarray:
    _, exponent = np.frexp(np.where(np.isfinite(wide), wide, 0.0))
    # frexp gives 0.5 <= |mantissa| < 1, and float32 has 24 bits of significand.
    return np.ldexp(1.0, np.maximum(exponent - 24, -149))


def _int8(array: np.ndarray, rng: np.random.Generator, channel_axis: int | None) -> np.ndarray:
    wide = array.astype(np.float64)
    size = np.abs(np.where(np.isfinite(wide), wide, 0.0))
    others = _other_axes(array.ndim, channel_axis)
    grid = size.max(axis=others, keepdims=True, initial=0.0) / 127.0
    return wide + 0.5 * grid * rng.uniform(-1.0, 1.0, size=array.shape)


def _other_axes(rank: int, channel_axis: int | None) -> tuple[int, ...]:
    if channel_axis is None:
        return tuple(range(rank))
    return tuple(axis for axis in range(rank) if axis != channel_axis % rank)


def _elements_of_a_channel(array: np.ndarray, channel_axis: int | None) -> int:
    return math.prod(array.shape[axis] for axis in _other_axes(array.ndim, channel_axis))


def _settled(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    with np.errstate(over="ignore", invalid="ignore"):
        cast = after.astype(before.dtype)
        stays = (before == 0) | ~np.isfinite(before) | ~np.isfinite(cast)
    return np.where(stays, before, cast).astype(before.dtype, copy=False)


def _is_mask(array: np.ndarray) -> bool:
    flat = array.reshape(-1)
    others = flat[flat != 0]
    if others.size == flat.size:
        return False
    return others.size == 0 or bool((others == others[0]).all())
