"""`graph`: what an open model computes, node by node."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..errors import failing_as
from ..feeding import fit, read_sample
from ..local_modules import importable

if TYPE_CHECKING:
    from ..opening import OpenedModel
    from ..worker import Worker


def answer(
    worker: Worker, params: dict[str, Any], progress: Callable[[str], None]
) -> dict[str, Any]:
    """`{graph, facts?}`; `session` was opened with `taps`, `inputs` names a sample's file.

    Raises WorkerError `taps-unsupported` where this model cannot be looked into, `input-mismatch`
    for a sample that it does not take.
    """
    opened = worker.opened(params)
    with importable(opened.model.import_folders):
        if params.get("inputs") is not None:
            _show_example(opened, params)
        with failing_as("taps-unsupported", opened.model.shown, opened.model.root):
            graph = opened.session.graph().as_json()
    facts = opened.session.graph_facts
    return {"graph": graph, **({"facts": facts} if facts else {})}


def _show_example(opened: OpenedModel, params: dict[str, Any]) -> None:
    rename, layouts = params.get("rename") or {}, params.get("layouts") or {}
    given = read_sample(str(params["inputs"]))
    called = {rename.get(n, n): tensor.laid_out(layouts.get(n)) for n, tensor in given.items()}
    inputs = fit(called, opened.session.contract)
    with failing_as("input-mismatch", opened.model.shown, opened.model.root):
        opened.session.example(opened.session.prepare(inputs))
