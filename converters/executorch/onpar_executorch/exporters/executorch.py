"""executorch: a PyTorch module to a `.pte` program, by way of torch.export."""

from __future__ import annotations

import os
from typing import Any

from onpar_host.calibration import calibration_paths, read_rows
from onpar_host.contract import Contract, TensorSpec
from onpar_host.errors import WorkerError, failing_as
from onpar_host.exporting import Declared, Exported, ExportJob, declared
from onpar_host.packages import package_version, require
from onpar_pytorch.exporters.export_errors import export_error
from onpar_pytorch.exporters.tracing import Traceable, dynamic_shapes, prepare
from onpar_pytorch.facts import precision
from onpar_pytorch.tensors import from_torch

from ..bounds import Bounds, bounds_of
from ..naming import input_name, output_names
from ..quantising import quantised

EXPORTER = "executorch"

NO_NAMES = "an ExecuTorch program has inputs and outputs by position only"


def version() -> str:
    """The package that exports."""
    return package_version("executorch")


def export(job: ExportJob) -> Exported:
    """Writes model.pte: memory is planned for the bounds of what is dynamic.

    Raises WorkerError `export-failed` with the reason of torch.export or of ExecuTorch,
    `calibration-missing`, `bad-request` for options that exclude each other, and the codes of
    loading.
    """
    asked = job.options["precision"]
    if asked != "float32" and job.options["backend"] != "xnnpack":
        raise WorkerError(
            "bad-request",
            f"precision {asked} is XNNPACK's, and backend is {job.options['backend']}",
            fix="leave one of the two options out",
        )
    paths = calibration_paths(job) if asked == "int8" else []
    require("executorch.exir")
    traceable = prepare(job)
    # Read before converting: a wrong file should not cost its time.
    rows = read_rows(paths, _at_example(traceable), job) if paths else []
    bounds = bounds_of(job, traceable)
    program = _captured(job, traceable, traceable.module, bounds)
    order = _order(traceable, program)
    facts: dict[str, Any] = {**traceable.facts, "backend": job.options["backend"]}
    if bounds.sizes:
        facts["bounds"] = bounds.sizes
    if asked != "float32":
        job.progress(f"quantising ({asked})")
        with failing_as("export-failed", f"{EXPORTER}, {asked}", job.model.root):
            module = quantised(program, traceable, asked, rows)
        facts["quantizer"] = package_version("torchao")
        if rows:
            facts["calibrationRows"] = len(rows)
        program = _captured(job, traceable, module, bounds)
    content, delegated = _lowered(job, program)
    path = os.path.join(job.out_dir, "model.pte")
    with open(path, "wb") as file:
        file.write(content)
    return Exported(
        path,
        precision(traceable.module) if asked == "float32" else asked,
        declared=_declared(order, traceable.output_names),
        facts={**facts, **delegated, "bytes": len(content)},
        dependencies=paths,
    )


def _at_example(traceable: Traceable) -> Contract:
    specs = []
    for name in traceable.names:
        tensor = from_torch(traceable.tensors[name])
        specs.append(TensorSpec(name, tensor.dtype, list(tensor.shape)))
    return Contract(specs)


def _captured(job: ExportJob, traceable: Traceable, module: Any, bounds: Bounds) -> Any:
    torch = require("torch")
    job.progress("exporting with torch.export")
    try:
        return torch.export.export(
            module,
            traceable.args,
            traceable.kwargs,
            dynamic_shapes=dynamic_shapes(job, traceable, bounds.dimension),
        )
    except Exception as error:
        otherwise = "`--to torch-export` alone tells whether torch.export takes the model"
        raise export_error(error, job, EXPORTER, otherwise) from error


def _order(traceable: Traceable, program: Any) -> list[str]:
    """The suite's inputs in the order in which the program takes them.

    torch.export names its placeholders after forward's parameters and puts them in their order.
    """
    by_parameter = {traceable.parameters[name]: name for name in traceable.names}
    found = [by_parameter.get(str(name)) for name in program.graph_signature.user_inputs]
    known = [name for name in found if name is not None]
    # Parameters like *xs are numbered by torch.export; their order is that of the call.
    return known if sorted(known) == sorted(traceable.names) else traceable.names


def _lowered(job: ExportJob, program: Any) -> tuple[bytes, dict[str, Any]]:
    """The file's bytes, and how much of the graph went to a backend."""
    exir = require("executorch.exir")
    job.progress("lowering to ExecuTorch")
    partitioners = []
    if job.options["backend"] == "xnnpack":
        xnnpack = require("executorch.backends.xnnpack.partition.xnnpack_partitioner")
        partitioners.append(xnnpack.XnnpackPartitioner())
    try:
        edge = exir.to_edge_transform_and_lower(program, partitioner=partitioners)
        facts = _delegation(edge)
        return bytes(edge.to_executorch().buffer), facts
    except Exception as error:
        otherwise = (
            "an operator outside Core ATen has no kernel in ExecuTorch: write it in terms of "
            "others, or take another format"
        )
        raise export_error(error, job, EXPORTER, otherwise) from error


def _delegation(edge: Any) -> dict[str, Any]:
    """`{operators, delegatedOperators, delegatedShare, delegatedParts}` of the lowered graph."""
    debug = require("executorch.devtools.backend_debug")
    info = debug.get_delegation_info(edge.exported_program().graph_module)
    own, given = int(info.num_non_delegated_nodes), int(info.num_delegated_nodes)
    return {
        "operators": own + given,
        "delegatedOperators": given,
        "delegatedShare": round(given / (own + given), 4) if own + given else 0.0,
        "delegatedParts": int(info.num_delegated_subgraphs),
    }


def _declared(inputs: list[str], outputs: list[str]) -> list[Declared]:
    pairs = [("input", name, input_name(place)) for place, name in enumerate(inputs)]
    given = output_names(len(outputs))
    pairs += [("output", name, to) for name, to in zip(outputs, given, strict=True)]
    return [declared(side, name, NO_NAMES, to=to) for side, name, to in pairs if name != to]
