"""torch.onnx.export of a Transformers model, batch and sequence dynamic."""

from __future__ import annotations

from onpar_host.exporting import Exported, ExportJob
from onpar_host.packages import require
from onpar_pytorch.exporters.torch_onnx import export_traceable
from onpar_pytorch.exporters.tracing import traceable_of

from ..loading import load_model


def version() -> str:
    """The package that exports, and the one whose model it is."""
    return (
        f"torch {require('torch').__version__}, transformers {require('transformers').__version__}"
    )


def export(job: ExportJob) -> Exported:
    """Raises WorkerError `export-failed` with the exporter's own reason, and the codes of loading."""
    require("onnx")
    job.progress("loading the model")
    module = load_model(job.model, job.options["attention"])
    return export_traceable(job, traceable_of(job, module, None), "huggingface-onnx")
