"""Stands in for packages that tensorflowjs imports at once and a SavedModel's conversion never uses.

They are left out of the lock (excludes.txt): together they would hold TensorFlow at 2.19 and bring a
gigabyte.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

NAMES = ("flax", "jax", "jaxlib", "tensorflow_decision_forests", "tensorflow_hub", "tf_keras")


class _Absent(MetaPathFinder, Loader):
    """Finds the packages above, last of all finders, as modules that hold nothing."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname.partition(".")[0] not in NAMES:
            return None
        return ModuleSpec(fullname, self, is_package=True)

    def exec_module(self, module: ModuleType) -> None:
        def nothing(name: str) -> ModuleType:
            if name.startswith("__"):
                raise AttributeError(name)
            return ModuleType(name)

        module.__dict__["__getattr__"] = nothing


@contextmanager
def absent_packages() -> Iterator[None]:
    """Inside, those of the packages that are not installed import as empty modules; they go again."""
    finder = _Absent()
    sys.meta_path.append(finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)
        # Others ask for them to learn whether they are there.
        for name, module in list(sys.modules.items()):
            if getattr(getattr(module, "__spec__", None), "loader", None) is finder:
                del sys.modules[name]
