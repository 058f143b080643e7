"""What summing in another order may do: sums that are off by what sound code loses at most.

Every sum that the evaluator's own operators make goes through `off`. Unless a `Rounding` is active it
returns the sum as it is; while one is active the sum is off by `bound_of_sum` (onpar_host/summing.py
has formula and sources). Operators that are made of several sums (attention, normalisations,
recurrences) need no formula of their own: each inner sum is off, and the errors travel on through the
same arithmetic that a runtime's own errors travel through.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
from onpar_host.summing import bound_of_sum

UNIT = 2.0**-24
"""Unit roundoff of float32, round to nearest."""


class Rounding:
    """Adds bounds with one sign (`up`, `down`) or random ones, seeded per node and not by their order."""

    def __init__(self, sign: str, seed: int) -> None:
        self._sign = sign
        self._seed = seed & 0xFFFFFFFF
        self._key = 0
        self._uses: dict[int, int] = {}

    def restart(self) -> None:
        """Before each sample: its errors must not depend on the samples before it."""
        self._uses.clear()

    def enter(self, label: str) -> int:
        """Sums made from now on belong to the node `label`; returns the key to give to `leave`."""
        before, self._key = self._key, zlib.crc32(label.encode())
        return before

    def leave(self, before: int) -> None:
        """Back to the node around (a loop's, a function's)."""
        self._key = before

    def add(self, value: np.ndarray, bound: np.ndarray) -> np.ndarray:
        """`value` off by `bound`, which broadcasts to it; not where the bound is not finite."""
        use = self._uses.get(self._key, 0)
        self._uses[self._key] = use + 1
        error = np.where(np.isfinite(bound), bound, 0.0)
        if self._sign == "down":
            error = -error
        elif self._sign == "random":
            random = np.random.default_rng([self._seed, self._key, use])
            error = error * random.choice([-1.0, 1.0], size=np.shape(value))
        return np.asarray(value + error)


_active: list[Rounding] = []


@contextmanager
def active(rounding: Rounding | None) -> Iterator[None]:
    """Sums made inside are off by `rounding`; None: they are exact to double precision."""
    if rounding is None:
        yield
        return
    rounding.restart()
    _active.append(rounding)
    try:
        yield
    finally:
        _active.pop()


def current() -> Rounding | None:
    """The one that sums are off by now."""
    return _active[-1] if _active else None


def off(value: np.ndarray, terms: float, magnitude: Callable[[], np.ndarray]) -> np.ndarray:
    """A sum of `terms` terms whose absolute values sum up to `magnitude()` (asked for only when due)."""
    rounding = current()
    if rounding is None or np.asarray(value).dtype.kind != "f":
        return value
    return rounding.add(value, bound_of_sum(terms, magnitude(), value))
