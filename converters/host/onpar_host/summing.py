"""How far summing in another order moves a sum of n terms."""

from __future__ import annotations

import math
from typing import Any

UNIT = 2.0**-24
"""Unit roundoff of float32, round to nearest."""
EXACT_UP_TO = 4
"""Sums of so few terms reach their worst case."""


def bound_of_sum(terms: float, magnitude: Any, value: Any) -> Any:
    """What a sound float32 sum is off by at most: u * (sqrt(n) * sum(|terms|) + n/2 * |sum|).

    `magnitude` is sum(|terms|), `value` the sum, of n = `terms` terms; numpy or torch, any shapes
    that broadcast. The worst case n * u * sum(|terms|) (Higham, Accuracy and Stability of Numerical
    Algorithms, 2nd ed., section 4.2) is met by no implementation and would excuse half precision
    in a deep network. Rounding errors of one sum are as good as independent, which gives the first
    part (Higham and Mary, A New Approach to Probabilistic Rounding Error Analysis, SIAM J. Sci.
    Comput. 41, 2019, theorem 2.4). Terms of one sign drift: their partial sums grow to the sum
    evenly, and errors of u * |partial sum| each add up to n/2 * u * |sum|, the second part.
    """
    if terms <= EXACT_UP_TO:
        return terms * UNIT * magnitude
    return UNIT * (math.sqrt(terms) * magnitude + terms / 2 * abs(value))
