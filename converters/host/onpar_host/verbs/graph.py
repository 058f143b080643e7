"""`graph`: what an open model computes, node by node."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..errors import failing_as

if TYPE_CHECKING:
    from ..worker import Worker


def answer(
    worker: Worker, params: dict[str, Any], progress: Callable[[str], None]
) -> dict[str, Any]:
    """`{graph}`; `session` was opened with `taps`.

    Raises WorkerError `taps-unsupported` where this model cannot be looked into.
    """
    opened = worker.opened(params)
    with failing_as("taps-unsupported", opened.model.shown, opened.model.root):
        return {"graph": opened.session.graph().as_json()}
