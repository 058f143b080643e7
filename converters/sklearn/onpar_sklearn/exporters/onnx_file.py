"""What every exporter here says about the ONNX file that it wrote."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
from onpar_host.contract import Contract, TensorSpec
from onpar_host.exporting import Declared, Exported, ExportJob, declared
from onpar_host.findings import Finding, finding
from onpar_host.packages import require

ML_OPSET = 3
"""What tree ensembles of skl2onnx and onnxmltools are written in; they refuse a newer one."""


def written_file(
    written: Any,
    job: ExportJob,
    changes: list[Declared],
    facts: dict[str, Any],
    precision: str = "float32",
    findings: list[Finding] | None = None,
) -> Exported:
    """Writes the ModelProto to `model.onnx`; tells an opset that differs from the one asked for."""
    path = os.path.join(job.out_dir, "model.onnx")
    with open(path, "wb") as file:
        file.write(written.SerializeToString())
    opsets = {entry.domain: entry.version for entry in written.opset_import}
    asked = job.options["opset"]
    found = list(findings or [])
    if asked is not None and opsets.get("") != asked:
        found.append(
            finding("opset-changed", "warning", "exporter", asked=asked, written=opsets.get(""))
        )
    return Exported(
        path,
        precision=precision,
        declared=changes,
        facts={
            **facts,
            "opset": opsets.get(""),
            "opsets": opsets,
            "irVersion": written.ir_version,
            "producer": f"{written.producer_name} {written.producer_version}",
            "nodes": len(written.graph.node),
        },
        findings=found,
    )


def declared_input(spec: TensorSpec, dtype: str, by: str) -> list[Declared]:
    """The change of one input to `dtype`, and of a vector to a matrix of one column."""
    vector = spec.shape is not None and len(spec.shape) == 1 and dtype != "string"
    if (spec.dtype is None or dtype == spec.dtype) and not vector:
        return []
    change = declared(
        "input",
        spec.name,
        f"{by} was asked for {dtype}{' as a matrix' if vector else ''}",
        dtype=dtype if dtype != spec.dtype else None,
        shape=[*spec.shape, 1] if vector and spec.shape else None,
    )
    return [change]


def declared_outputs(before: Contract, graph: Any, by: str) -> list[Declared]:
    """Names and dtypes of outputs that the graph has otherwise than the original, by position."""
    changes: list[Declared] = []
    for spec, value in zip(before.outputs, graph.output, strict=False):
        dtype = _dtype_of(value)
        to = value.name if value.name != spec.name else None
        other = dtype if spec.dtype is not None and dtype != spec.dtype else None
        if to is not None or other is not None:
            said = [f"names it {to}"] if to else []
            said += [f"gives {dtype}"] if other else []
            reason = f"{by} {' and '.join(said)}"
            changes.append(declared("output", spec.name, reason, to=to, dtype=other))
    return changes


def trees_in(graph: Any) -> int:
    """Trees of all tree ensemble nodes."""
    return sum(
        len(set(attribute.ints))
        for node in graph.node
        for attribute in node.attribute
        if node.op_type.startswith("TreeEnsemble") and attribute.name == "nodes_treeids"
    )


def _dtype_of(value: Any) -> str:
    onnx = require("onnx")
    kind = onnx.helper.tensor_dtype_to_np_dtype(value.type.tensor_type.elem_type)
    return "string" if kind == np.dtype(object) else kind.name
