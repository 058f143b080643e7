"""Running a module without leaving a trace in it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from onpar_host.packages import require


@contextmanager
def untouched(module: Any) -> Iterator[None]:
    """A run in training mode moves batch statistics; the exported model must not show it."""
    saved = [(buffer, buffer.clone()) for buffer in module.buffers()]
    torch = require("torch")
    state = torch.random.get_rng_state()
    try:
        yield
    finally:
        torch.random.set_rng_state(state)
        for buffer, before in saved:
            if buffer.shape == before.shape:
                buffer.copy_(before)
