"""Telling names that a person chose from those a framework counted up."""

from __future__ import annotations

import re

from .contract import TensorSpec

AUTOMATIC = re.compile(
    r"(keras_tensor|input_layer|args|Identity|(Stateful)?PartitionedCall|serving_default_.*)"
    r"(_\d+)*(:\d+)?$"
)
NUMBERED_OUTPUT = re.compile(r"output_\d+$")
"""What a SavedModel signature calls outputs that have no name of their own."""


def names_kind(inputs: list[TensorSpec], outputs: list[TensorSpec], numbered: bool = False) -> str:
    """`generated` when any name is a framework's, else `declared`.

    `numbered`: whether `output_0`, `output_1` … count as a framework's.
    """
    names = [spec.name for spec in (*inputs, *outputs)]
    if any(AUTOMATIC.match(name) for name in names):
        return "generated"
    if numbered and any(NUMBERED_OUTPUT.match(spec.name) for spec in outputs):
        return "generated"
    return "declared"
