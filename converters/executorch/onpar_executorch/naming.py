"""Names for what an ExecuTorch program has by position only."""

from __future__ import annotations


def input_name(place: int) -> str:
    """`input_0` is the first."""
    return f"input_{place}"


def output_names(count: int) -> list[str]:
    """`output` where it is the only one, else `output_0`, `output_1` …, as a module's outputs."""
    return ["output"] if count == 1 else [f"output_{place}" for place in range(count)]
