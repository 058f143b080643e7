"""`open`: loads a model and keeps it for `run`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..opening import open_model

if TYPE_CHECKING:
    from ..worker import Worker


def answer(
    worker: Worker, params: dict[str, Any], progress: Callable[[str], None]
) -> dict[str, Any]:
    """`{session, version, contract, facts, findings, dependencies}`."""
    opened = open_model(worker, params, with_examples=False)
    name = worker.add(opened)
    return {
        "session": name,
        "version": opened.runtime.version(),
        "contract": opened.session.contract.as_json(),
        "facts": opened.session.facts,
        "findings": opened.session.findings,
        "dependencies": opened.dependencies,
    }
