"""openvino.convert_model on a PyTorch module, an exported program or a TorchScript archive."""

from __future__ import annotations

import contextlib
import sys
from typing import Any

from onpar_host.contract import TensorSpec
from onpar_host.errors import WorkerError, failing_as
from onpar_host.exporting import Exported, ExportJob
from onpar_host.packages import package_version, require
from onpar_host.tensor import Tensor
from onpar_openvino.reading import UNCONVERTED, reason_of
from onpar_openvino.writing import write_graph
from onpar_pytorch.exporters.export_errors import export_error
from onpar_pytorch.exporters.tracing import Traceable, dynamic_shapes, prepare
from onpar_pytorch.programs import load_program
from onpar_pytorch.tensors import from_torch, named_outputs, to_torch

EXPORTER = "openvino-torch"


def version() -> str:
    """OpenVINO's version; NNCF's stands in the facts of an int8 export."""
    return package_version("openvino")


def export(job: ExportJob) -> Exported:
    """Writes model.xml and model.bin, its inputs and outputs named as the original's.

    Raises WorkerError `export-failed` with the converter's reason and the operators it lacks,
    `calibration-missing`, and the codes of loading.
    """
    require("openvino")
    return write_graph(job, EXPORTER, lambda: _graph(job))


def _graph(job: ExportJob) -> Any:
    if job.model.format == "torch-export":
        return _from_program(job)
    if job.model.format == "torchscript":
        return _from_script(job)
    return _from_module(job)


def _from_module(job: ExportJob) -> Any:
    torch = require("torch")
    traceable = prepare(job)
    job.progress(f"converting to OpenVINO ({job.options['method']})")
    specs = {spec.name: spec for spec in job.inputs}
    if job.options["method"] == "export":
        dynamic = torch.export.Dim.DYNAMIC
        try:
            program = torch.export.export(
                traceable.module,
                traceable.args,
                traceable.kwargs,
                dynamic_shapes=dynamic_shapes(job, traceable, lambda _: dynamic),
            )
        except Exception as error:
            otherwise = "try `options: {method: trace}`"
            raise export_error(error, job, EXPORTER, otherwise) from error
        graph = _converted(job, program)
    else:
        # Attention takes another path with gradients than in inference, and tracing refuses both.
        with torch.no_grad():
            graph = _converted(job, traceable.module, example_input=_example(traceable))
    taken = [specs.get(name) or _spec(traceable, name) for name in traceable.names]
    return _named(job, graph, taken, traceable.output_names)


def _example(traceable: Traceable) -> Any:
    if not traceable.kwargs:
        return traceable.args
    return {traceable.parameters[name]: traceable.tensors[name] for name in traceable.names}


def _from_program(job: ExportJob) -> Any:
    job.progress("loading the model")
    program = load_program(job.model)
    job.progress("converting to OpenVINO")
    graph = _converted(job, program.exported)
    outputs = [spec.name for spec in program.contract.outputs]
    return _named(job, graph, program.contract.inputs, outputs)


def _from_script(job: ExportJob) -> Any:
    torch = require("torch")
    job.progress("loading the model")
    with failing_as("model-load-failed", job.model.shown, job.model.root):
        module = torch.jit.load(job.model.path, map_location="cpu").eval()
    examples = _examples(job)
    tensors = {name: to_torch(tensor) for name, tensor in examples.items()}
    about = f"{job.model.shown} does not run on its example inputs"
    with failing_as("export-failed", about, job.model.root), torch.no_grad():
        outputs = list(named_outputs(module(*(t.clone() for t in tensors.values()))))
    job.progress("converting to OpenVINO")
    with torch.no_grad():
        graph = _converted(job, module, example_input=tuple(tensors.values()))
    specs = {spec.name: spec for spec in job.inputs}
    taken = [
        specs.get(name, TensorSpec(name, t.dtype, list(t.shape))) for name, t in examples.items()
    ]
    return _named(job, graph, taken, outputs)


def _examples(job: ExportJob) -> dict[str, Tensor]:
    if not job.example_inputs:
        raise WorkerError(
            "export-failed",
            f"{job.model.shown}: a TorchScript archive does not tell the dtypes of its inputs",
            fix="declare `inputs:` in the suite, or give --inputs FILE",
        )
    names = [spec.name for spec in job.inputs]
    given = job.example_inputs
    return {name: given[name] for name in names} if set(names) == set(given) else given


def _converted(job: ExportJob, source: Any, **more: Any) -> Any:
    ov = require("openvino")
    try:
        # What is printed on the way belongs into the log.
        with contextlib.redirect_stdout(sys.stderr):
            return ov.convert_model(source, **more)
    except Exception as error:
        missing = UNCONVERTED.search(str(error))
        reason = (
            f"OpenVINO {package_version('openvino')} has no such operators: {missing.group(1).strip()}"
            if missing
            else reason_of(error, job.model.root)
        )
        raise WorkerError(
            "export-failed",
            f"{EXPORTER} could not export {job.model.shown}: {reason}",
            fix="export it to ONNX and convert that (`--to onnx`, then `--to openvino`)"
            if missing or job.model.format != "pytorch"
            else "try `options: {method: "
            + ("trace" if job.options["method"] == "export" else "export")
            + "}`",
        ) from error


def _spec(traceable: Traceable, name: str) -> TensorSpec:
    tensor = from_torch(traceable.tensors[name])
    return TensorSpec(name, tensor.dtype, list(tensor.shape))


def _named(job: ExportJob, graph: Any, inputs: list[TensorSpec], outputs: list[str]) -> Any:
    """Names and sizes as in the suite: the converter leaves every size open and outputs unnamed."""
    if len(graph.inputs) != len(inputs):
        raise WorkerError(
            "export-failed",
            f"{EXPORTER}: {job.model.shown} takes {len(inputs)} inputs, the graph {len(graph.inputs)}",
            fix="an input that the model does not use is dropped: leave it out of `inputs:`",
        )
    for port, spec in zip(graph.inputs, inputs, strict=True):
        port.get_tensor().set_names({spec.name})
        port.get_node().set_friendly_name(spec.name)
    if len(outputs) == len(graph.outputs):
        for port, name in zip(graph.outputs, outputs, strict=True):
            port.get_tensor().set_names({name})
    sizes = {
        place: [size if isinstance(size, int) else -1 for size in spec.shape]
        for place, spec in enumerate(inputs)
        if spec.shape is not None
    }
    about = f"{EXPORTER}: the sizes of {job.model.shown}"
    with failing_as("export-failed", about, job.model.root):
        graph.reshape(sizes)
    return graph
