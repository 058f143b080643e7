"""OpenVINO's frontends: ONNX, SavedModel or TFLite to IR."""

from __future__ import annotations

import os
from typing import Any

from onpar_host.calibration import calibration_paths, read_rows
from onpar_host.errors import failing_as
from onpar_host.exporting import Exported, ExportJob
from onpar_host.packages import package_version, require

from ..details import describe
from ..dtypes import DTYPES
from ..perturb import weight_elements
from ..reading import read_model

FLOATS = ("f64", "f32", "f16", "bf16")


def version() -> str:
    """OpenVINO's version; NNCF's stands in the facts of an int8 export."""
    return package_version("openvino")


def export(job: ExportJob) -> Exported:
    """Writes model.xml and model.bin.

    Raises WorkerError `model-load-failed` for a source that OpenVINO cannot read, `export-failed`
    without calibration data for int8, or with the converter's reason.
    """
    wanted = job.options["precision"]
    paths = calibration_paths(job) if wanted == "int8" else []
    job.progress("reading the model")
    graph = read_model(job.model)
    contract = describe(graph)
    # Read before quantising: a wrong file should not cost its time.
    rows = read_rows(paths, contract, job) if wanted == "int8" else []
    about = f"openvino could not export {job.model.shown} as {wanted}"
    path = os.path.join(job.out_dir, "model.xml")
    facts: dict[str, Any] = {}
    stored = _stored(graph)
    with failing_as("export-failed", about, job.model.root):
        if rows:
            job.progress(f"quantising over {len(rows)} calibration rows")
            graph = _quantised(graph, rows)
            facts = {"calibrationRows": len(rows), "nncf": package_version("nncf")}
        ov = require("openvino")
        ov.save_model(graph, path, compress_to_fp16=wanted == "float16")
        # Read back: what was asked for and what was written may differ.
        written = weight_elements(ov.Core().read_model(path))
    return Exported(
        path,
        precision=stored if wanted == "float32" else wanted,
        facts={
            **facts,
            "compressToFp16": wanted == "float16",
            "weights": dict(sorted(written.items())),
        },
    )


def _stored(graph: Any) -> str:
    """What most of the source's float weights are stored in: a half-precision source stays one."""
    elements = weight_elements(graph)
    kinds = [kind for kind in FLOATS if elements.get(kind, 0) > 0]
    most = max(kinds, key=lambda kind: elements[kind], default="f32")
    return DTYPES[most] if most in ("f16", "bf16") else "float32"


def _quantised(graph: Any, rows: list[dict[str, Any]]) -> Any:
    nncf = require("nncf")
    # Every row that was given counts; NNCF would take the first 300.
    return nncf.quantize(graph, nncf.Dataset(rows), subset_size=len(rows))
