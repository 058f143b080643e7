"""onnxmltools, for LightGBM's own model files."""

from __future__ import annotations

from typing import Any

from onpar_host.errors import WorkerError, failing_as
from onpar_host.exporting import Exported, ExportJob
from onpar_host.findings import Finding, finding
from onpar_host.model import Model
from onpar_host.packages import require

from ..boosters.lightgbm_model import LightgbmModel, load_lightgbm
from ..runtimes.lightgbm import session_of
from .booster_job import OPSET, booster_file, initial_types

WRITABLE = (
    *("regression", "regression_l1", "huber", "quantile", "poisson", "gamma", "tweedie"),
    *("binary", "multiclass", "multiclassova", "lambdarank", "rank_xendcg"),
)
"""Objectives that onnxmltools 1.16 has a branch for (convert/lightgbm/_parse.py)."""


def version() -> str:
    """onnxmltools' version."""
    return require("onnxmltools").__version__


def export(job: ExportJob) -> Exported:
    """Raises WorkerError `export-failed` for an objective that onnxmltools cannot write."""
    require("onnxmltools")
    require("onnx")
    job.progress("loading the model")
    loaded = load_lightgbm(job.model)
    _require_writable(loaded, job.model)
    before = session_of(loaded, None, job.inputs).contract
    job.progress("exporting to ONNX")
    about = f"onnxmltools could not export {job.model.shown}"
    with failing_as("export-failed", about, job.model.root):
        written = _convert(loaded, job)
    trees = loaded.booster.num_trees()
    return booster_file(written, job, before, loaded.facts, trees, _doubts(loaded))


def _require_writable(loaded: LightgbmModel, model: Model) -> None:
    if _name(loaded) not in WRITABLE:
        raise WorkerError(
            "export-failed",
            f"{model.shown} has {'objective ' + _name(loaded) if _name(loaded) else 'a custom objective'}"
            ", which onnxmltools does not write",
            fix=f"onnxmltools writes {', '.join(WRITABLE)}",
        )


def _convert(loaded: LightgbmModel, job: ExportJob) -> Any:
    from onnxmltools.convert import convert_lightgbm

    return convert_lightgbm(
        loaded.booster,
        name="model",
        initial_types=initial_types(job, loaded.features),
        target_opset=job.options["opset"] or OPSET,
        zipmap=False,
        split=job.options["split"],
    )


def _name(loaded: LightgbmModel) -> str:
    return (loaded.objective or "").partition(" ")[0]


def _doubts(loaded: LightgbmModel) -> list[Finding]:
    """What onnxmltools 1.16 is known to write otherwise than LightGBM computes it."""
    name, _, parameters = (loaded.objective or "").partition(" ")
    doubts: list[str] = []
    if "sqrt" in parameters.split():
        doubts.append("reg_sqrt squares what the trees add up to, and onnxmltools does not")
    if loaded.linear_leaves:
        doubts.append("linear_tree gives leaves formulas, and onnxmltools writes constants")
    if name == "binary" and "sigmoid:1" not in parameters.split():
        doubts.append(f"the objective is {loaded.objective}, and onnxmltools writes sigmoid:1")
    if name == "multiclassova":
        doubts.append("multiclassova takes a sigmoid for each class, and onnxmltools a softmax")
    if loaded.averages:
        doubts.append("a random forest averages its trees, and onnxmltools adds them up")
    if loaded.zero_is_missing:
        doubts.append("zero_as_missing sends zeros where NaN goes, and onnxmltools compares them")
    return [finding("exporter-warning", "warning", "exporter", message=text) for text in doubts]
