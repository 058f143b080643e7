"""Takes the machine's paths out of an exported model: it will be published."""

from __future__ import annotations

import os
import re
from typing import Any

from onpar_host.tracebacks import shown_path

FILE = re.compile(r'File "([^"\n]+)"')


def relative_paths(model: Any, root: str) -> None:
    """Rewrites the stack traces in the nodes of an onnx_ir Model, in place."""
    import onnx_ir

    graphs = [model.graph, *model.functions.values()]
    for graph in graphs:
        for node in onnx_ir.traversal.RecursiveGraphIterator(graph):
            for key, text in list(node.metadata_props.items()):
                if "/" in text or "\\" in text:
                    node.metadata_props[key] = FILE.sub(lambda m: _shown(m.group(1), root), text)


def _shown(path: str, root: str) -> str:
    """Below the suite as it is there, below site-packages from there on, else the file name alone."""
    shown = shown_path(path, root)
    _, packages, inside = shown.replace("\\", "/").rpartition("site-packages/")
    if packages:
        shown = inside
    elif os.path.isabs(shown):
        shown = os.path.basename(shown)
    return f'File "{shown}"'
