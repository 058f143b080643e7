"""A frozen graph as a SavedModel with one signature, for converters that take nothing else."""

from __future__ import annotations

import re
from typing import Any

from onpar_host.contract import Contract, TensorSpec
from onpar_host.packages import require

from ..graphdef import FrozenGraph
from ..signatures import DEFAULT

REASON = "a signature's names are those of Python arguments"


def save_with_signature(frozen: FrozenGraph, path: str) -> Contract:
    """Writes the SavedModel; gives the contract of its signature, in the graph's order."""
    tf = require("tensorflow")
    pruned = frozen.pruned()
    takes, gives = _arguments(frozen.inputs), _arguments(frozen.outputs)

    def call(*values: Any) -> dict[str, Any]:
        return dict(zip(gives, pruned(*values), strict=True))

    module = tf.Module()
    # A SavedModel keeps what hangs on its root.
    module.pruned = pruned
    specs = [
        tf.TensorSpec(tensor.shape, tensor.dtype, name=name)
        for name, tensor in zip(takes, frozen.inputs.values(), strict=True)
    ]
    function = tf.function(call, input_signature=specs, autograph=False)
    tf.saved_model.save(module, path, signatures={DEFAULT: function})
    contract = frozen.contract
    return Contract(_named(contract.inputs, takes), _named(contract.outputs, gives), "declared")


def _arguments(names: Any) -> list[str]:
    """Names of nodes (`scope/node`, `node:1`) as Python identifiers, each once."""
    found: list[str] = []
    for name in names:
        plain = re.sub(r"\W", "_", name)
        plain = plain if plain.isidentifier() else f"_{plain}"
        while plain in found:
            plain += "_"
        found.append(plain)
    return found


def _named(specs: list[TensorSpec], names: list[str]) -> list[TensorSpec]:
    return [TensorSpec(n, spec.dtype, spec.shape) for n, spec in zip(names, specs, strict=True)]
