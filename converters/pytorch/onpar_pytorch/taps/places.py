"""Where in the user's code an operator was called."""

from __future__ import annotations

import linecache
import os
import re
import sys

from onpar_host.graph import SourcePlace
from onpar_host.places import is_library
from onpar_host.tracebacks import shown_path

FRAME = re.compile(r'File "([^"\n]+)", line (\d+)(?:, in [^\n]*)?(?:\n(?!\s*File ")\s*([^\n]*))?')


def place_of_trace(trace: str | None, root: str) -> SourcePlace | None:
    """The innermost frame of the user's own in a stack trace that fx keeps with a node.

    Where all frames are a library's (a model of torchvision), the innermost outside PyTorch itself.
    """
    frames = [(f[0], int(f[1]), f[2].strip()) for f in FRAME.findall(trace or "")]
    own = [f for f in frames if not is_library(f[0])]
    outside = [f for f in frames if _is_package(f[0]) and not _is_torch(f[0])]
    for found in (own, outside):
        if found:
            file, line, text = found[-1]
            return _place(file, line, text, root)
    return None


def place_of_call(root: str) -> SourcePlace | None:
    """The same for the code that is running: called from a mode that sees operators."""
    frame = sys._getframe(1)
    outside = None
    while frame is not None:
        file = frame.f_code.co_filename
        if not is_library(file):
            return _place(file, frame.f_lineno, "", root)
        if outside is None and _is_package(file) and not _is_torch(file):
            outside = (file, frame.f_lineno)
        frame = frame.f_back
    return None if outside is None else _place(*outside, "", root)


def _place(file: str, line: int, text: str, root: str) -> SourcePlace:
    text = text or linecache.getline(file, line).strip()
    return SourcePlace(_shown(file, root), line, text or None)


def _shown(file: str, root: str) -> str:
    """Below the suite as it is there, below site-packages from there on, else the file's name."""
    shown = shown_path(file, root)
    _, packages, inside = shown.replace("\\", "/").rpartition("site-packages/")
    if packages:
        return inside
    return os.path.basename(shown) if os.path.isabs(shown) else shown


def _is_package(file: str) -> bool:
    return "site-packages" in file.split(os.sep)


def _is_torch(file: str) -> bool:
    # fx shortens some of its own frames to `torch/fx/…`.
    return f"site-packages{os.sep}torch{os.sep}" in file or file.startswith("torch/")
