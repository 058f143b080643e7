"""What an exporter plug-in is given and gives back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from .contract import TensorSpec
from .findings import Finding
from .model import Model
from .tensor import Tensor

Declared = dict[str, Any]


@dataclass(frozen=True)
class ExportJob:
    """`options` have their defaults; `out_dir` exists; `example_inputs` are in order, or None."""

    model: Model
    options: dict[str, Any]
    inputs: list[TensorSpec]
    out_dir: str
    example_inputs: dict[str, Tensor] | None
    progress: Callable[[str], None]


@dataclass
class Exported:
    """`path` is the file or folder written; `declared` what was changed on purpose."""

    path: str
    precision: str = "float32"
    declared: list[Declared] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    dependencies: list[str] = field(default_factory=list)


def declared(side: str, name: str, reason: str, **changes: Any) -> Declared:
    """`{side, name, to?, dtype?, shape?, reason}`; changes that are None are left out."""
    kept = {key: value for key, value in changes.items() if value is not None}
    return {"side": side, "name": name, **kept, "reason": reason}
