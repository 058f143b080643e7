"""Findings as data, and collecting an exporter's warnings as findings."""

from __future__ import annotations

import logging
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from .places import is_library
from .tracebacks import one_line, shown_path

Finding = dict[str, Any]

QUIET = (
    DeprecationWarning,
    PendingDeprecationWarning,
    FutureWarning,
    ImportWarning,
    ResourceWarning,
)
"""About the exporter's own future, not about this model."""

NOISE = re.compile(
    r"deprecat|will be removed|is experimental|not installed\. Skipping|"
    # How an export went internally; what became of the opset is a finding of its own.
    r"operator set version|opset version|version conver|symbolic shape inference|"
    # The runtimes say which modules are in training mode, and only where it matters.
    r"in training mode|"
    # nn.LSTM and nn.GRU list their weights anew when they are traced.
    r"The tensor attributes? (?:\S+_flat_weights\[\d+\],? )+w(?:as|ere) assigned|"
    # Parts of the answer that are None have no tensor on either side.
    r"None output|Skipping constant argument|"
    # Two inputs that share a dimension, as the suite says they do.
    r"axis name: (\S+) will not be used, .* another axis: \1\.|"
    r"oneDNN|TF-TRT|[Cc]uda drivers|CUDA_VISIBLE|Skipping full serialization|"
    r"compiled metrics|no training configuration|Unable to (?:restore|register)"
)
LOGGERS = ("torch.onnx", "onnxscript", "tf2onnx", "skl2onnx", "tensorflow", "absl")


def finding(code: str, severity: str, where: str, **args: Any) -> Finding:
    """`{code, severity, where, args}` as in records."""
    return {"code": code, "severity": severity, "where": where, "args": args}


@contextmanager
def exporter_warnings(root: str) -> Iterator[list[Finding]]:
    """Warnings that are raised or logged inside become `exporter-warning` findings, each once."""
    found: dict[str, Finding] = {}

    def add(message: str) -> None:
        text = one_line(message)
        if text and not NOISE.search(text):
            found.setdefault(text, finding("exporter-warning", "warning", "exporter", message=text))

    collected: list[Finding] = []
    handler = _Handler(add)
    for name in LOGGERS:
        logging.getLogger(name).addHandler(handler)
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            try:
                yield collected
            finally:
                for item in caught:
                    _add_warning(item, root, add)
    finally:
        for name in LOGGERS:
            logging.getLogger(name).removeHandler(handler)
        collected.extend(found.values())


def _add_warning(item: warnings.WarningMessage, root: str, add: Any) -> None:
    if issubclass(item.category, QUIET):
        return
    own = not is_library(item.filename)
    place = f"{shown_path(item.filename, root)}:{item.lineno}: " if own else ""
    add(f"{place}{item.message}")


class _Handler(logging.Handler):
    def __init__(self, add: Any) -> None:
        super().__init__(logging.WARNING)
        self._add = add

    def emit(self, record: logging.LogRecord) -> None:
        self._add(record.getMessage())
