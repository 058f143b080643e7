"""A LightGBM model with thresholds and leaves moved by one rounding step."""

from __future__ import annotations

import re

import numpy as np
from onpar_host.perturbing import generator, moved
from onpar_host.variant import Perturb

_MOVED = re.compile(r"(threshold|leaf_value|leaf_const|leaf_coeff)=(.*)")
_TREE = re.compile(r"Tree=(\d+)")


def perturbed_text(text: str, asked: Perturb) -> str:
    """The model file with other numbers: thresholds, leaf values and the formulas of linear leaves.

    All are float64 there (17 digits); `float32` is the step of their ONNX form. `tree_sizes` goes:
    it counts the bytes of each tree, and without it LightGBM reads the trees one after the other
    (src/boosting/gbdt_model_text.cpp, LoadModelFromString).
    """
    lines = []
    tree = ""
    for line in text.splitlines():
        if line.startswith("tree_sizes="):
            continue
        if found := _TREE.fullmatch(line):
            tree = found[1]
        elif tree and (found := _MOVED.fullmatch(line)):
            line = f"{found[1]}={_moved(found[2], f'{tree}.{found[1]}', asked)}"
        lines.append(line)
    return "\n".join(lines) + "\n"


def _moved(numbers: str, name: str, asked: Perturb) -> str:
    # The spaces between the numbers stay: for linear leaves they tell the leaves apart.
    parts = re.split(r"(\s+)", numbers)
    places = [i for i, part in enumerate(parts) if part.strip()]
    before = np.array([float(parts[i]) for i in places], dtype=np.float64)
    after = moved(before, asked.step, generator(asked.seed, name), None)
    for i, value in zip(places, after.tolist(), strict=True):
        parts[i] = repr(value)
    return "".join(parts)
