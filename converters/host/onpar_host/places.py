"""Which files are the user's own, and which belong to the language, an environment or to onpar."""

from __future__ import annotations

import os
import site
import sys
import sysconfig
import tempfile
from functools import lru_cache

SYSTEM_FOLDERS = ("/proc", "/sys", "/dev", "/run", "/etc", "/usr", "/lib", "/lib64", "/bin")
"""Never a dependency unless the suite itself lies there: settings of the machine, not of the model."""


def _under(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip(os.sep) + os.sep)


@lru_cache(maxsize=1)
def _library_folders() -> tuple[str, ...]:
    names = ("stdlib", "platstdlib", "purelib", "platlib")
    folders = {sysconfig.get_path(name) for name in names}
    folders.update(site.getsitepackages() if hasattr(site, "getsitepackages") else [])
    folders.add(site.getusersitepackages())
    # converters/: this host and the toolchains beside it.
    folders.add(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
    known = {os.path.abspath(folder) for folder in folders if folder}
    return tuple(sorted(known | {os.path.realpath(folder) for folder in known}))


@lru_cache(maxsize=8192)
def is_library(path: str) -> bool:
    """True for the language's library, installed packages, frozen or generated code, and onpar."""
    # Generated code and Cython frames, which name no file that exists here.
    if path.startswith("<") or path.endswith(".pyx"):
        return True
    parts = path.split(os.sep)
    if "site-packages" in parts or "dist-packages" in parts:
        return True
    return any(_under(os.path.abspath(path), folder) for folder in _library_folders())


def is_dependency(path: str, root: str, scratch: tuple[str, ...]) -> bool:
    """True when editing the file can change what a model under `root` answers.

    A file under root always counts (a suite may itself lie in the temporary folder); files that
    onpar's own scratch folders hold, system settings and temporary files elsewhere do not.
    """
    if is_library(path) or any(_under(path, folder) for folder in scratch):
        return False
    if root.strip(os.sep) and _under(path, root):
        return True
    machine = (
        *SYSTEM_FOLDERS,
        os.path.realpath(tempfile.gettempdir()),
        sys.prefix,
        sys.base_prefix,
    )
    return not any(_under(path, folder) for folder in machine)
