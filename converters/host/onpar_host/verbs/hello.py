"""`hello`: who answers, and with which packages."""

from __future__ import annotations

import platform
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from .. import HOST, PROTOCOL
from ..packages import installed_packages

if TYPE_CHECKING:
    from ..worker import Worker


def answer(
    worker: Worker, params: dict[str, Any], progress: Callable[[str], None]
) -> dict[str, Any]:
    """`{protocol, host, language, version, packages}`."""
    return {
        "protocol": PROTOCOL,
        "host": HOST,
        "language": "python",
        "version": platform.python_version(),
        "packages": installed_packages(),
    }
