"""Names of a graph's functions, which TensorFlow keeps once for the whole process."""

from __future__ import annotations

import hashlib
from typing import Any


def with_own_functions(graph_def: Any) -> Any:
    """A copy whose functions are named after their content; the graph itself where it has none.

    Two graphs in one process often have different functions of one name (`cond_true_18`), and so
    do a graph and its variants; TensorFlow refuses the second.
    """
    library = graph_def.library.function
    if not library:
        return graph_def
    digest = hashlib.sha256(graph_def.library.SerializeToString(deterministic=True)).hexdigest()
    own = {f.signature.name: f"{f.signature.name}_{digest[:16]}" for f in library}
    copy = type(graph_def)()
    copy.CopyFrom(graph_def)
    for function in copy.library.function:
        function.signature.name = own[function.signature.name]
    for gradient in copy.library.gradient:
        gradient.function_name = own.get(gradient.function_name, gradient.function_name)
        gradient.gradient_func = own.get(gradient.gradient_func, gradient.gradient_func)
    for node in (*copy.node, *(n for f in copy.library.function for n in f.node_def)):
        # Older graphs call a function by using its name as the operator.
        node.op = own.get(node.op, node.op)
        for value in node.attr.values():
            kind = value.WhichOneof("value")
            called = [value.func] if kind == "func" else value.list.func if kind == "list" else []
            for each in called:
                each.name = own.get(each.name, each.name)
    return copy
