"""The line of the user's own code that is running."""

from __future__ import annotations

import linecache
import sys
from types import FrameType

from .graph import SourcePlace
from .places import is_library
from .tracebacks import shown_path


def user_place(root: str) -> SourcePlace | None:
    """The innermost frame on the stack that is neither a library's nor onpar's; None: there is none."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        path = frame.f_code.co_filename
        if not is_library(path):
            text = linecache.getline(path, frame.f_lineno).strip()
            return SourcePlace(shown_path(path, root), frame.f_lineno, text or None)
        frame = frame.f_back
    return None
