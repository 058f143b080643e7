"""What a worker answers instead of a result."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from .tracebacks import one_line, trimmed_traceback, without_root


class WorkerError(Exception):
    """A failure with a code of docs/worker-protocol.md, one line of message, and how to mend it."""

    def __init__(
        self, code: str, message: str, *, fix: str | None = None, detail: str | None = None
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = one_line(message)
        self.fix = fix
        self.detail = detail

    def as_json(self) -> dict[str, str]:
        """The `error` (or a sample's `failure`) of an answer; empty fields are left out."""
        fields = {
            "code": self.code,
            "message": self.message,
            "fix": self.fix,
            "detail": self.detail,
        }
        return {key: value for key, value in fields.items() if value}


def describe_exception(error: BaseException, root: str = "") -> str:
    """`ValueError: what it said`, on one line, with paths relative to root."""
    text = one_line(without_root(str(error), root))
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def failure_of(
    error: BaseException, code: str, about: str, root: str, fix: str | None = None
) -> WorkerError:
    """Turns whatever a framework or the user's code raised into an answer; a WorkerError stays."""
    if isinstance(error, WorkerError):
        return error
    return WorkerError(
        code,
        f"{about}: {describe_exception(error, root)}",
        fix=fix,
        detail=trimmed_traceback(error, root),
    )


@contextmanager
def failing_as(code: str, about: str, root: str, fix: str | None = None) -> Iterator[None]:
    """Everything raised inside answers with `code`; SystemExit of the user's code included."""
    try:
        yield
    except (Exception, SystemExit) as error:
        raise failure_of(error, code, about, root, fix) from error
