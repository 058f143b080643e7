"""Records the local files that loading a model opens or imports, because they are part of its key."""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from .local_modules import local_module_files
from .places import is_dependency


class Recorder:
    """Files seen while recording, as absolute paths."""

    def __init__(self, root: str, scratch: Iterable[str]) -> None:
        self._root = root
        self._scratch = tuple(os.path.abspath(folder) for folder in scratch)
        self._seen: dict[str, None] = {}

    def add(self, path: object) -> None:
        """Notes a file, or every file of a folder; anything that is not a path is ignored."""
        try:
            text = os.fsdecode(path)  # type: ignore[arg-type]
        except TypeError:
            return
        self._seen[os.path.abspath(text)] = None

    def files(self, with_modules: bool = True) -> list[str]:
        """Sorted dependencies that exist; compiled files are given as their source.

        `with_modules` adds every imported local module, cached ones included.
        """
        candidates: set[str] = set(local_module_files()) if with_modules else set()
        for path in self._seen:
            candidates.update(_files_in(path))
        sources = {_source_of(path) for path in candidates}
        return sorted(p for p in sources if is_dependency(p, self._root, self._scratch))


_active: list[Recorder] = []


@contextmanager
def recording(root: str, scratch: Iterable[str]) -> Iterator[Recorder]:
    """Everything that Python opens for reading inside goes to the yielded recorder."""
    recorder = Recorder(root, scratch)
    _active.append(recorder)
    try:
        yield recorder
    finally:
        _active.remove(recorder)


def note(path: object) -> None:
    """For readers that open files in C or Rust, which the audit hook cannot see."""
    for recorder in _active:
        recorder.add(path)


def install_audit_hook() -> None:
    """Audit hooks cannot be removed, so there is one, which does nothing while nobody records."""
    sys.addaudithook(_audit)


def _audit(event: str, args: tuple[object, ...]) -> None:
    if event == "open" and _active and not isinstance(args[0], int) and _reads(args[1], args[2]):
        note(args[0])


def _reads(mode: object, flags: object) -> bool:
    if isinstance(mode, str):
        return "r" in mode
    access = os.O_RDONLY | os.O_WRONLY | os.O_RDWR
    return isinstance(flags, int) and flags & access == os.O_RDONLY


def _files_in(path: str) -> Iterator[str]:
    if os.path.isfile(path):
        yield path


def folder_files(path: str) -> list[str]:
    """The file itself, or every file below a folder (a SavedModel)."""
    if not os.path.isdir(path):
        return [path]
    return [os.path.join(base, name) for base, _, names in os.walk(path) for name in names]


def _source_of(path: str) -> str:
    if not path.endswith(".pyc"):
        return path
    try:
        source = importlib.util.source_from_cache(path)
    except ValueError:
        return path
    return source if os.path.isfile(source) else path
