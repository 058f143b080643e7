"""What a TFLite file says of its operators: which ones it uses, and whether they keep something."""

from __future__ import annotations

import mmap
import re
from dataclasses import dataclass
from typing import Any

from onpar_host.errors import WorkerError
from onpar_host.model import Model
from onpar_host.packages import require

FLEX = "Flex"
RESOURCES = ("VAR_HANDLE", "ASSIGN_VARIABLE", "HASHTABLE_IMPORT")
"""Operators that keep something from one run to the next, outside of variable tensors."""
UNRESOLVED = re.compile(
    r"unresolved custom op: ([\w/:-]+(?:\.\w+)*)|Select TensorFlow op"
    r"|opcode '([A-Z0-9_]+)' version '(\d+)'"
)
"""What the interpreter says of an operator that it has no kernel for."""


@dataclass(frozen=True)
class Operators:
    """`custom` maps the names of custom operators to their versions."""

    custom: dict[str, int]
    is_stateful: bool


def read_operators(model: Model) -> Operators:
    """Reads the file's tables; weights are not touched."""
    schema = require("ai_edge_litert.schema_py_generated")
    with open(model.path, "rb") as file:
        content = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    root = schema.Model.GetRootAs(content, 0)
    names = {code: name for name, code in vars(schema.BuiltinOperator).items()}
    custom: dict[str, int] = {}
    stateful = _has_variables(root)
    for place in range(root.OperatorCodesLength()):
        code = root.OperatorCodes(place)
        # Files of before 2020 have the code in a byte of its own.
        kind = max(code.BuiltinCode(), code.DeprecatedBuiltinCode())
        if kind == schema.BuiltinOperator.CUSTOM:
            custom[(code.CustomCode() or b"").decode("utf-8", "replace")] = code.Version()
        stateful = stateful or names.get(kind) in RESOURCES
    return Operators(custom, stateful)


def _has_variables(root: Any) -> bool:
    return any(
        root.Subgraphs(place).Tensors(index).IsVariable()
        for place in range(root.SubgraphsLength())
        for index in range(root.Subgraphs(place).TensorsLength())
    )


def missing_operator(
    error: BaseException, operators: Operators, model: Model
) -> WorkerError | None:
    """`operator-missing` with name and version where that is what the interpreter said, else None."""
    match = UNRESOLVED.search(str(error))
    if match is None:
        return None
    custom, builtin, version = match.groups()
    if builtin is not None:
        names, fix = [f"{builtin} version {version}"], NEWER
    else:
        flex = [name for name in operators.custom if name.startswith(FLEX)]
        missing = [custom] if custom and not custom.startswith(FLEX) else flex
        names = [f"the custom operator {n} (version {operators.custom.get(n, 1)})" for n in missing]
        fix = WITH_FLEX if missing and missing[0].startswith(FLEX) else OWN_KERNEL
    listed = ", ".join(names) or "one of its operators"
    return WorkerError(
        "operator-missing", f"{model.shown}: litert has no kernel for {listed}", fix=fix
    )


NEWER = (
    "a newer LiteRT may have it (`python:` of your own with a newer ai-edge-litert); "
    "or convert with an older converter"
)
WITH_FLEX = (
    "Flex operators are TensorFlow's own: only a program that links the Flex delegate "
    "(tensorflow-lite-select-tf-ops) runs them, which no Python package does; "
    "convert without SELECT_TF_OPS to see what TFLite cannot express"
)
OWN_KERNEL = (
    "only a program that registers this kernel itself runs it; convert without allow_custom_ops, "
    "or write the operator in terms of built-in ones"
)
