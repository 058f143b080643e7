"""A model run otherwise than deployed, to learn what rounding does to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .errors import WorkerError


@dataclass(frozen=True)
class Perturb:
    """Float weights of 16 elements or more are moved by one `step` at random.

    `float32`: -1, 0 or +1 ulp. `float16`, `bfloat16`: by up to their unit roundoff, relative.
    `int8`: by up to half a step of a symmetric 8-bit grid per output channel.
    """

    step: str
    seed: int


@dataclass(frozen=True)
class Accumulate:
    """Every sum is off by what sound float32 code loses at most (summing.py).

    `sign` is up, down or random.
    """

    sign: str
    seed: int


@dataclass(frozen=True)
class Variant:
    """What differs from the deployed model; docs/worker-protocol.md, `open`."""

    float64: bool = False
    perturb: Perturb | None = None
    accumulate: Accumulate | None = None

    @property
    def kinds(self) -> list[str]:
        """Those that a runtime has to offer in its toolchain.json (`variants`)."""
        asked = {
            "float64": self.float64,
            "perturb": self.perturb is not None,
            "accumulate": self.accumulate is not None,
        }
        return [kind for kind, on in asked.items() if on]


def variant_from_json(value: dict[str, Any] | None) -> Variant | None:
    """Raises WorkerError `bad-request`."""
    if not value:
        return None
    try:
        perturb, accumulate = value.get("perturb"), value.get("accumulate")
        return Variant(
            float64=value.get("precision") == "float64",
            perturb=Perturb(str(perturb["step"]), int(perturb["seed"])) if perturb else None,
            accumulate=Accumulate(str(accumulate["sign"]), int(accumulate["seed"]))
            if accumulate
            else None,
        )
    except (KeyError, TypeError, ValueError) as error:
        raise WorkerError("bad-request", f"not a variant: {value}") from error
