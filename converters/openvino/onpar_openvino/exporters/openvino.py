"""OpenVINO's frontends: ONNX, SavedModel or TFLite to IR."""

from __future__ import annotations

from typing import Any

from onpar_host.exporting import Exported, ExportJob
from onpar_host.packages import package_version

from ..reading import read_model
from ..writing import write_graph


def version() -> str:
    """OpenVINO's version; NNCF's stands in the facts of an int8 export."""
    return package_version("openvino")


def export(job: ExportJob) -> Exported:
    """Writes model.xml and model.bin.

    Raises WorkerError `model-load-failed` for a source that OpenVINO cannot read, `export-failed`
    without calibration data for int8, or with the converter's reason.
    """

    def read() -> Any:
        job.progress("reading the model")
        return read_model(job.model)

    return write_graph(job, "openvino", read)
