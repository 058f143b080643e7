"""How far summing in another order moves a sum of n terms."""

from __future__ import annotations

import math

EXACT_UP_TO = 4
"""Sums of so few terms reach their worst case."""
SYSTEMATIC = 1 / 16
"""Share of the worst case that terms of one sign reach.

A naive float32 mean of a constant 224 x 224 map is off by n/30 units.
"""


def effective_terms(n: float) -> float:
    """The m of m * u * sum(|terms|) that a sound float32 sum of `n` terms stays below in practice.

    The worst case, m = n (Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed., section
    4.2), is met by no implementation and would excuse half precision in a deep network. Rounding
    errors of one sum are as good as independent, which gives sqrt(n) (Higham and Mary, A New
    Approach to Probabilistic Rounding Error Analysis, SIAM J. Sci. Comput. 41, 2019, theorem 2.4);
    long sums of one sign drift, which gives a share of n.
    """
    return n if n <= EXACT_UP_TO else max(math.sqrt(n), SYSTEMATIC * n)
