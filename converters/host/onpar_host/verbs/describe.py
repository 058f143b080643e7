"""`describe`: what a model says about itself, without running it."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..opening import open_model
from ..safetensors import write_tensors

if TYPE_CHECKING:
    from ..worker import Worker


def answer(
    worker: Worker, params: dict[str, Any], progress: Callable[[str], None]
) -> dict[str, Any]:
    """`{contract, facts, findings, dependencies, exampleInputs?}`."""
    opened = open_model(worker, params, with_examples=True)
    session = opened.session
    result = {
        "contract": session.contract.as_json(),
        "facts": session.facts,
        "findings": session.findings,
        "dependencies": opened.dependencies,
    }
    session.close()
    if opened.examples:
        folder = params.get("outDir") or worker.scratch
        os.makedirs(folder, exist_ok=True)
        path = os.path.join(folder, "example-inputs.safetensors")
        write_tensors(path, opened.examples)
        result["exampleInputs"] = path
    return result
