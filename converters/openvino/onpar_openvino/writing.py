"""Writes a graph as IR in the precision that was asked for."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from onpar_host.calibration import calibration_paths, read_rows
from onpar_host.errors import failing_as
from onpar_host.exporting import Exported, ExportJob
from onpar_host.packages import package_version, require

from .details import describe
from .dtypes import DTYPES
from .perturb import weight_elements

FLOATS = ("f64", "f32", "f16", "bf16")


def write_graph(job: ExportJob, exporter: str, read: Callable[[], Any]) -> Exported:
    """model.xml and model.bin of the graph that `read` gives, by the options precision and calibration.

    Raises WorkerError `calibration-missing` and `export-failed` with the reason, and what `read` raises.
    """
    wanted = job.options["precision"]
    paths = calibration_paths(job) if wanted == "int8" else []
    graph = read()
    contract = describe(graph)
    # Read before quantising: a wrong file should not cost its time.
    rows = read_rows(paths, contract, job) if wanted == "int8" else []
    about = f"{exporter} could not export {job.model.shown} as {wanted}"
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
        dependencies=paths,
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
