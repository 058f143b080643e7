"""A fitted estimator from a skops file, which says what types it holds before any is made."""

from __future__ import annotations

from typing import Any

from onpar_host.errors import WorkerError, failing_as
from onpar_host.model import Model
from onpar_host.packages import require

SHOWN = 8
"""Types that a message lists."""


def load_skops(model: Model) -> Any:
    """Whatever the file holds. Without trust only types that skops itself vouches for are made.

    Raises WorkerError `trust-required` naming the other types, `model-load-failed`.
    """
    # A file beside the models may be called skops too: its io module is what is needed.
    require("skops")
    io = require("skops.io")
    fix = "check that skops.io.dump wrote this file and that it is complete"
    about = f"{model.shown} is no readable skops file"
    with failing_as("model-load-failed", about, model.root, fix):
        unknown = io.get_untrusted_types(file=model.path)
    if unknown and not model.trust:
        more = f" and {len(unknown) - SHOWN} more" if len(unknown) > SHOWN else ""
        raise WorkerError(
            "trust-required",
            f"{model.shown} holds types that skops does not vouch for: "
            f"{', '.join(unknown[:SHOWN])}{more}",
            fix="say `trust: true` in the suite (or --trust) if you trust where it came from",
        )
    with failing_as("model-load-failed", about, model.root, fix):
        return io.load(model.path, trusted=unknown)
