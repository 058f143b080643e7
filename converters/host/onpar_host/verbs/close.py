"""`close`: frees a session."""

from __future__ import annotations

import gc
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..worker import Worker


def answer(
    worker: Worker, params: dict[str, Any], progress: Callable[[str], None]
) -> dict[str, Any]:
    """`{}`."""
    worker.opened(params).session.close()
    del worker.sessions[str(params["session"])]
    # Models hold reference cycles; the next one should find their memory free.
    gc.collect()
    return {}
