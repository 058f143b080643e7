"""An exported program (`.pt2`) to ONNX: torch.onnx takes its graph as it is."""

from __future__ import annotations

import re
from typing import Any

from onpar_host.contract import TensorSpec
from onpar_host.errors import WorkerError
from onpar_host.exporting import ExportJob
from onpar_host.packages import require

from ..facts import dtype_name
from ..programs import Program, load_program, untrained_operators


def convert(job: ExportJob) -> tuple[Any, Program, dict[str, Any]]:
    """The torch.onnx program, the source, and facts about the source.

    What is dynamic was decided when the program was exported. Raises WorkerError `export-failed`
    for the legacy exporter, which traces a module.
    """
    if not job.options["dynamo"]:
        raise WorkerError(
            "export-failed",
            f"{job.model.shown} is an exported program, and the legacy exporter traces modules",
            fix="leave `dynamo: false` out",
        )
    torch = require("torch")
    job.progress("loading the model")
    program = load_program(job.model)
    exported = program.exported
    names = [spec.name for spec in program.contract.outputs]
    job.progress("exporting to ONNX")
    made = torch.onnx.export(
        exported,
        input_names=program.names,
        # Without declared outputs torch names them itself, and they are paired by position.
        output_names=names or None,
        opset_version=job.options["opset"],
        optimize=job.options["optimize"],
        dynamo=True,
        verbose=False,
    )
    rename_dimensions(made.model, suite_names(program, job.inputs))
    weights = list(exported.parameters())
    facts: dict[str, Any] = {
        "forwardParameters": program.names,
        "parameters": sum(p.numel() for p in weights),
        "parameterDtypes": sorted({dtype_name(p.dtype) for p in weights}),
    }
    trained = untrained_operators(exported)
    return made, program, {**facts, "training": trained} if trained else facts


def suite_names(program: Program, inputs: list[TensorSpec]) -> dict[str, str]:
    """Symbol of the program → name that the suite gives the dimension."""
    own = program.contract.inputs
    by_name = {spec.name: spec for spec in own}
    if all(spec.name in by_name for spec in inputs):
        pairs = [(by_name[spec.name], spec) for spec in inputs]
    else:
        pairs = list(zip(own, inputs, strict=False))
    names: dict[str, str] = {}
    for mine, spec in pairs:
        for symbol, name in zip(mine.shape or [], spec.shape or [], strict=False):
            if isinstance(symbol, str) and isinstance(name, str):
                names.setdefault(symbol, name)
    return names


def rename_dimensions(model: Any, names: dict[str, str]) -> None:
    """Puts names for symbols in all shapes of an onnx_ir Model, also inside formulas (`2*s0`)."""
    import onnx_ir

    renamed = {symbol: name for symbol, name in names.items() if symbol != name}
    if not renamed:
        return
    symbols = re.compile(rf"(?<!\w)({'|'.join(map(re.escape, renamed))})(?!\w)")
    for value in _values(model):
        if value.shape is None or not any(
            isinstance(dim, onnx_ir.SymbolicDim) and dim.value for dim in value.shape
        ):
            continue
        value.shape = onnx_ir.Shape(
            [
                symbols.sub(lambda m: renamed[m.group(1)], dim.value)
                if isinstance(dim, onnx_ir.SymbolicDim) and dim.value
                else dim
                for dim in value.shape
            ]
        )


def _values(model: Any) -> Any:
    import onnx_ir

    yield from model.graph.inputs
    for graph in [model.graph, *model.functions.values()]:
        for node in onnx_ir.traversal.RecursiveGraphIterator(graph):
            yield from node.outputs
