"""Wraps readers that open files in C or Rust, so that what they open is recorded.

The wrapping happens when the package is imported, not before: a user's environment need not have it.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any

from .dependencies import note

READERS = {
    "safetensors._safetensors_rust": ("safe_open", 0),
    "h5py._hl.files": ("File.__init__", 1),
    "tensorflow.python.lib.io.file_io": ("FileIO.__init__", 1),
    "cv2": ("imread", 0),
}
"""Module → (what to wrap, which argument is the path; 1 where the first is self)."""


class _WrappingLoader(Loader):
    """Loads as the package's own loader does, then wraps the reader."""

    def __init__(self, inner: Loader, reader: str, position: int) -> None:
        self._inner = inner
        self._reader = reader
        self._position = position

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._inner.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        self._inner.exec_module(module)
        _wrap(module, self._reader, self._position)

    def __getattr__(self, name: str) -> Any:
        # Resources, get_source and the like stay those of the package's own loader.
        return getattr(self._inner, name)


class _ReaderFinder(MetaPathFinder):
    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname not in READERS:
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is not None and spec.loader is not None:
            spec.loader = _WrappingLoader(spec.loader, *READERS[fullname])
        return spec


def install_reader_hooks() -> None:
    """Puts the finder before all others."""
    sys.meta_path.insert(0, _ReaderFinder())


def _wrap(module: ModuleType, reader: str, position: int) -> None:
    *owners, name = reader.split(".")
    owner: Any = module
    for attribute in owners:
        owner = getattr(owner, attribute, None)
    inner = getattr(owner, name, None)
    if inner is not None:
        setattr(owner, name, _noting(inner, position))


def _noting(inner: Callable[..., Any], position: int) -> Callable[..., Any]:
    @functools.wraps(inner, updated=())
    def reader(*args: Any, **kwargs: Any) -> Any:
        named = kwargs.get("filename", kwargs.get("name"))
        note(args[position] if len(args) > position else named)
        return inner(*args, **kwargs)

    return reader
