"""Tracebacks that start at the user's own frames, with paths relative to the suite's folder."""

from __future__ import annotations

import os
import traceback

from .places import is_library

ONE_LINE = 400
"""A message is read in a table; the whole text is in `detail`."""
MOST_TEXT = 6000
MOST_FRAMES = 30
"""What a reader of `detail` will look through."""


def one_line(text: str, limit: int = ONE_LINE) -> str:
    """The text's lines joined by blanks, cut at `limit` characters."""
    joined = " ".join(text.split())
    return joined if len(joined) <= limit else f"{joined[: limit - 1]}…"


def without_root(text: str, root: str) -> str:
    """The text with paths below root made relative to it."""
    return text.replace(root + os.sep, "") if root.strip(os.sep) else text


def shown_path(path: str, root: str) -> str:
    """Relative to root where the file lies under it, so that reports do not carry machine paths."""
    inside = path.startswith(root + os.sep) if root else False
    return os.path.relpath(path, root) if inside else path


def user_location(error: BaseException, root: str) -> str | None:
    """`model.py:12` of the innermost of the user's own frames, or None."""
    if isinstance(error, SyntaxError) and error.filename:
        return f"{shown_path(error.filename, root)}:{error.lineno}"
    own = [f for f in traceback.extract_tb(error.__traceback__) if not is_library(f.filename)]
    return f"{shown_path(own[-1].filename, root)}:{own[-1].lineno}" if own else None


def trimmed_traceback(error: BaseException, root: str) -> str:
    """The traceback from the user's first frame on; stretches of library frames are counted only."""
    parts = []
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        parts.append(_one_traceback(current, root))
        current = current.__cause__ or (
            None if current.__suppress_context__ else current.__context__
        )
    return "\n".join(reversed(parts)).strip()


def _one_traceback(error: BaseException, root: str) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    own = [i for i, frame in enumerate(frames) if not is_library(frame.filename)]
    lines: list[str] = []
    if own:
        lines.append("Traceback (from your code on):\n")
        lines.extend(_frame_lines(_ends_of(frames[own[0] :]), root))
    said = "".join(traceback.format_exception_only(type(error), error))
    lines.append(said if len(said) <= MOST_TEXT else f"{said[:MOST_TEXT]}…\n")
    return without_root("".join(lines), root)


def _ends_of(
    frames: list[traceback.FrameSummary],
) -> list[traceback.FrameSummary | None]:
    """The first and last frames, None where some are left out between: a recursion has a thousand."""
    if len(frames) <= MOST_FRAMES:
        return list(frames)
    half = MOST_FRAMES // 2
    return [*frames[:half], None, *frames[-half:]]


def _frame_lines(frames: list[traceback.FrameSummary | None], root: str) -> list[str]:
    lines: list[str] = []
    hidden = 0
    for index, frame in enumerate(frames):
        if frame is None:
            lines.append("  … more frames\n")
            continue
        # The last library frame is the one that raised: it says where the framework refused.
        if is_library(frame.filename) and index != len(frames) - 1:
            hidden += 1
            continue
        if hidden:
            lines.append(f"  … {hidden} library frames\n")
            hidden = 0
        where = shown_path(frame.filename, root)
        where = where.rsplit("site-packages" + os.sep, 1)[-1]
        lines.append(f'  File "{where}", line {frame.lineno}, in {frame.name}\n')
        if frame.line:
            lines.append(f"    {frame.line}\n")
    return lines
