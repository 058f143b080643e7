"""One worker process: its toolchain, its open sessions, and the verbs by name."""

from __future__ import annotations

import itertools
import json
import os
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from .channel import Channel
from .errors import WorkerError, describe_exception
from .opening import OpenedModel
from .toolchain import Toolchain
from .verbs import close, describe, export, graph, hello, open_session, run

Progress = Callable[[str], None]
Verb = Callable[["Worker", dict[str, Any], Progress], dict[str, Any]]

VERBS: dict[str, Verb] = {
    "hello": hello.answer,
    "describe": describe.answer,
    "open": open_session.answer,
    "run": run.answer,
    "graph": graph.answer,
    "close": close.answer,
    "export": export.answer,
}


@dataclass
class Worker:
    """State that outlives a request."""

    toolchain: Toolchain
    sessions: dict[str, OpenedModel] = field(default_factory=dict)
    scratch: str = field(default_factory=os.getcwd)
    _ids: Any = field(default_factory=lambda: itertools.count(1))

    def add(self, opened: OpenedModel) -> str:
        """Keeps the session and gives it a name."""
        name = f"s{next(self._ids)}"
        self.sessions[name] = opened
        return name

    def opened(self, params: dict[str, Any]) -> OpenedModel:
        """Raises WorkerError `unknown-session`."""
        name = str(params.get("session"))
        if name not in self.sessions:
            known = ", ".join(self.sessions) or "none"
            raise WorkerError("unknown-session", f"no session {name} is open; open are: {known}")
        return self.sessions[name]


def serve(worker: Worker, channel: Channel) -> None:
    """Answers requests in order until stdin ends."""
    for line in channel.requests():
        channel.send(_answer(worker, channel, line))


def _answer(worker: Worker, channel: Channel, line: str) -> dict[str, Any]:
    number: Any = None
    try:
        request = _parse(line)
        number = request.get("id")

        def progress(message: str) -> None:
            channel.send({"id": number, "event": "progress", "message": message})

        verb = VERBS.get(str(request.get("verb")))
        if verb is None:
            raise WorkerError(
                "unknown-verb",
                f"there is no verb {request.get('verb')}",
                fix=f"use one of: {', '.join(VERBS)}",
            )
        params = request.get("params") or {}
        return {"id": number, "ok": True, "result": verb(worker, params, progress)}
    except WorkerError as error:
        return {"id": number, "ok": False, "error": error.as_json()}
    except KeyError as error:
        missing = WorkerError("bad-request", f"the request lacks {error}")
        return {"id": number, "ok": False, "error": missing.as_json()}
    except Exception as error:
        return {"id": number, "ok": False, "error": _own_bug(error).as_json()}


def _parse(line: str) -> dict[str, Any]:
    try:
        request = json.loads(line)
    except ValueError as error:
        raise WorkerError("bad-request", f"the request is not JSON: {error}") from error
    if not isinstance(request, dict):
        raise WorkerError("bad-request", "the request is not a JSON object")
    return request


def _own_bug(error: Exception) -> WorkerError:
    """Failures of models, frameworks and users are caught where they arise; what is left is ours."""
    return WorkerError(
        "internal-error",
        f"a bug in onpar's Python host: {describe_exception(error)}",
        fix="please report it with the detail below",
        detail=traceback.format_exc(),
    )
