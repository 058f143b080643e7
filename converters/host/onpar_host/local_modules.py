"""Imports of the user's own modules: always from the source on disk, never from an earlier model.

One worker serves several models. A module that model A imported must be read again for model B,
so that B's dependencies are complete and an edited file counts.
"""

from __future__ import annotations

import importlib
import linecache
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.machinery import (
    BYTECODE_SUFFIXES,
    EXTENSION_SUFFIXES,
    SOURCE_SUFFIXES,
    ExtensionFileLoader,
    FileFinder,
    SourceFileLoader,
    SourcelessFileLoader,
)
from types import CodeType

from .places import is_library

_frameworks: set[str] = set()
"""Top-level packages that onpar imported itself: importing them twice would break them."""


class FreshSourceLoader(SourceFileLoader):
    """Compiles the source each time. A .pyc is checked by size and whole seconds only, so an edit
    within the second it was written would go unseen."""

    def get_code(self, fullname: str) -> CodeType:
        path = self.get_filename(fullname)
        return self.source_to_code(self.get_data(path), path)


def _local_finder(folder: str) -> FileFinder:
    if not os.path.isdir(folder) or is_library(os.path.abspath(folder)):
        raise ImportError("not a folder of the user's own", path=folder)
    return FileFinder(
        folder,
        (ExtensionFileLoader, EXTENSION_SUFFIXES),
        (FreshSourceLoader, SOURCE_SUFFIXES),
        (SourcelessFileLoader, BYTECODE_SUFFIXES),
    )


def install_fresh_imports() -> None:
    """Makes imports from the user's folders compile their source; installed packages keep theirs."""
    # Finding the library's folders imports modules itself, which must not ask the new hook.
    is_library(os.__file__)
    sys.dont_write_bytecode = True
    sys.path_hooks.insert(0, _local_finder)
    sys.path_importer_cache.clear()


def keep_framework(name: str) -> None:
    """Marks a top-level package (perhaps an editable install) as not the model's own."""
    _frameworks.add(name.partition(".")[0])


def _local_modules() -> Iterator[tuple[str, list[str]]]:
    for name, module in list(sys.modules.items()):
        if name == "__main__" or name.partition(".")[0] in _frameworks:
            continue
        file = getattr(module, "__file__", None)
        try:
            files = [file] if file else list(getattr(module, "__path__", []))
        except Exception:  # a lazy module may raise whatever it likes
            continue
        if files and all(isinstance(f, str) and not is_library(f) for f in files):
            yield name, files


def local_module_files() -> list[str]:
    """Files of every imported local module.

    Those outside the suite's folder (editable installs) are not purged between models and may
    belong to an earlier one: too many dependencies run a step again, too few would be wrong.
    """
    return [f for _, files in _local_modules() for f in files if os.path.isfile(f)]


def forget_local_modules(folders: list[str]) -> None:
    """Drops modules that lie in `folders` from sys.modules, so that the next import reads them."""
    prefixes = tuple(folder.rstrip(os.sep) + os.sep for folder in folders if folder)
    for name, files in list(_local_modules()):
        if any(f.startswith(prefixes) or f + os.sep in prefixes for f in files):
            sys.modules.pop(name, None)
    importlib.invalidate_caches()
    linecache.checkcache()


@contextmanager
def importable(folders: list[str]) -> Iterator[None]:
    """The folders come first on sys.path inside, in their order."""
    added = [folder for folder in dict.fromkeys(folders) if folder]
    sys.path[:0] = added
    try:
        yield
    finally:
        for folder in added:
            if folder in sys.path:
                sys.path.remove(folder)
