"""onnxmltools, for XGBoost's own model files."""

from __future__ import annotations

from typing import Any

import numpy as np
from onpar_host.errors import WorkerError, failing_as
from onpar_host.exporting import Exported, ExportJob
from onpar_host.findings import Finding, finding
from onpar_host.model import Model
from onpar_host.packages import require

from ..boosters.xgboost_model import XgboostModel, load_xgboost, tree_count
from ..runtimes.xgboost import session_of
from .booster_job import OPSET, booster_file, initial_types
from .xgboost_objectives import CLASSIFIER, WRITABLE, asked_for


def version() -> str:
    """onnxmltools' version."""
    return require("onnxmltools").__version__


def export(job: ExportJob) -> Exported:
    """Raises WorkerError `export-failed` for an objective or a booster that onnxmltools cannot write."""
    require("onnxmltools")
    require("onnx")
    job.progress("loading the model")
    loaded = load_xgboost(job.model)
    _require_writable(loaded, job.model)
    before = session_of(loaded, None, job.inputs).contract
    job.progress("exporting to ONNX")
    about = f"onnxmltools could not export {job.model.shown}"
    with failing_as("export-failed", about, job.model.root):
        written = _convert(loaded, job)
    return booster_file(written, job, before, loaded.facts, tree_count(loaded), _doubts(loaded))


def _require_writable(loaded: XgboostModel, model: Model) -> None:
    if loaded.kind != "gbtree":
        raise WorkerError(
            "export-failed",
            f"{model.shown} is a {loaded.kind} booster; onnxmltools writes gbtree alone",
            fix="train with booster='gbtree', or write your own exporter (exporter: command)",
        )
    if asked_for(loaded.objective) is None:
        raise WorkerError(
            "export-failed",
            f"{model.shown} has objective {loaded.objective}, whose link onnxmltools does not write",
            fix=f"onnxmltools writes {', '.join(WRITABLE)}",
        )


def _convert(loaded: XgboostModel, job: ExportJob) -> Any:
    from onnxmltools.convert import convert_xgboost
    from onnxmltools.convert.xgboost._parse import WrappedBooster

    asked = asked_for(loaded.objective)
    assert asked is not None
    operator, objective = asked
    booster = loaded.booster.copy()
    # onnxmltools reads only XGBoost's own f0, f1 …; trees choose features by position.
    booster.feature_names = None

    class Described(WrappedBooster):
        """What is known of the booster. onnxmltools' own wrapper guesses it from the nodes' covers,
        and takes rankers and raw margins for two classes."""

        def __init__(self) -> None:
            self.booster_ = booster
            self.kwargs = {"objective": objective, "n_estimators": booster.num_boosted_rounds()}
            self.operator_name = operator
            if operator == CLASSIFIER:
                self.classes_ = np.arange(loaded.answers.classes)

    return convert_xgboost(
        Described(),
        name="model",
        initial_types=initial_types(job, loaded.features),
        target_opset=job.options["opset"] or OPSET,
    )


def _doubts(loaded: XgboostModel) -> list[Finding]:
    """What onnxmltools 1.16 is known to write otherwise than XGBoost computes it."""
    doubts: list[str] = []
    classes = loaded.answers.classes
    if loaded.parallel_trees > 1 and classes is not None and classes > 2:
        doubts.append(
            f"the {loaded.parallel_trees} parallel trees of a round all belong to one class, and "
            "onnxmltools deals them out to the classes in turn"
        )
    if loaded.answers.width > 1:
        doubts.append(
            f"the model has {loaded.answers.width} outputs, and onnxmltools adds all trees to the first"
        )
    return [finding("exporter-warning", "warning", "exporter", message=text) for text in doubts]
