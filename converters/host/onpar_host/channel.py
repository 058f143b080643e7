"""The channel: requests on stdin, answers on file descriptor 3, one JSON object a line."""

from __future__ import annotations

import json
import math
import os
import sys
from collections.abc import Iterator
from typing import Any

REPLY_FD = 3


class Channel:
    """Both ends are moved to private descriptors, which neither libraries nor their children see.

    A library that reads stdin finds it empty, and one that prints writes into the log.
    """

    def __init__(self) -> None:
        requests = os.dup(0)
        replies = os.dup(REPLY_FD)
        null = os.open(os.devnull, os.O_RDONLY)
        os.dup2(null, 0)
        os.close(null)
        os.close(REPLY_FD)
        self._requests = os.fdopen(requests, "r", encoding="utf-8", errors="replace", newline="\n")
        self._replies = os.fdopen(replies, "wb", buffering=0)
        # A forked child (multiprocessing) must not hold the channel open after this process died.
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=lambda: _close_quietly(requests, replies))

    def requests(self) -> Iterator[str]:
        """Lines until the parent closes stdin."""
        for line in iter(self._requests.readline, ""):
            if line.strip():
                yield line

    def send(self, message: dict[str, Any]) -> None:
        """Writes one line; what was printed until now is flushed into the log first."""
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        data = json.dumps(plain(message), allow_nan=False, separators=(",", ":")) + "\n"
        rest = memoryview(data.encode())
        while rest:
            rest = rest[self._replies.write(rest) or 0 :]


def refuse_all(channel: Channel, message: str, fix: str) -> None:
    """Answers every request with `package-missing`: nothing can be served, but it can be said."""
    error = {"code": "package-missing", "message": message, "fix": fix}
    for line in channel.requests():
        try:
            number = json.loads(line).get("id")
        except (ValueError, AttributeError):
            number = None
        channel.send({"id": number, "ok": False, "error": error})


def _close_quietly(*descriptors: int) -> None:
    for descriptor in descriptors:
        try:
            os.close(descriptor)
        except OSError:
            continue


def plain(value: Any) -> Any:
    """Values that JSON can hold: NaN and infinities become strings, numpy scalars numbers."""
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, int):
        return value if abs(value) < 2**53 else str(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(item) for item in value]
    if hasattr(value, "tolist"):
        return plain(value.tolist())
    return str(value)
