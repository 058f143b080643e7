"""What the tools log while they work, as findings."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from onpar_host.findings import Finding, finding
from onpar_host.tracebacks import one_line

SAID_TWICE = "Please consider pre-processing before quantization."
"""onnxruntime says before quantising and again after it that the model was not preprocessed."""


def warning(message: str) -> Finding:
    """An `exporter-warning` in our own words."""
    return finding("exporter-warning", "warning", "exporter", message=message)


@contextmanager
def logged_warnings() -> Iterator[list[Finding]]:
    """Collects warnings of every logger, each text once: onnxruntime's quantiser uses the root logger."""
    found: list[Finding] = []
    texts: set[str] = set()

    class Collect(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            text = one_line(record.getMessage())
            if text and text not in texts and not text.startswith(SAID_TWICE):
                texts.add(text)
                found.append(warning(text))

    handler = Collect(logging.WARNING)
    root = logging.getLogger()
    root.addHandler(handler)
    try:
        yield found
    finally:
        root.removeHandler(handler)
