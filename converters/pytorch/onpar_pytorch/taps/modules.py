"""Paths of layers."""

from __future__ import annotations

import re
from typing import Any

AGAIN = re.compile(r"@\d+$")
"""What torch.export puts behind the path of a layer that is called once more."""


def nested(paths: list[str]) -> list[str]:
    """Names of layers each within the one before, from their full paths, outermost first.

    `['', 'one', 'one.layers.0.norm']` is `['one', 'layers.0.norm']`. A layer that is shared, and so
    lies elsewhere than in the one that calls it, keeps its full path.
    """
    found: list[str] = []
    outer = ""
    for path in paths:
        path = AGAIN.sub("", path)
        if not path or path == outer:
            continue
        inside = outer and path.startswith(f"{outer}.")
        found.append(path[len(outer) + 1 :] if inside else path)
        outer = path
    return found


def layers_of(node: Any) -> list[str]:
    """Layers that an fx node belongs to."""
    stack = node.meta.get("nn_module_stack") or {}
    return nested([str(entry[0]) for entry in stack.values() if isinstance(entry, tuple)])
