"""skl2onnx."""

from __future__ import annotations

from typing import Any

from onpar_host.contract import Contract, TensorSpec
from onpar_host.errors import failing_as
from onpar_host.exporting import Exported, ExportJob
from onpar_host.packages import require

from ..loading import load_estimator
from ..outputs import is_svm, last_step
from ..runtimes.sklearn import SklearnSession
from .boosters_in_pipelines import prepared
from .onnx_file import ML_OPSET, declared_input, declared_outputs, written_file


def version() -> str:
    """skl2onnx' version."""
    return require("skl2onnx").__version__


def export(job: ExportJob) -> Exported:
    """Raises WorkerError `export-failed` with skl2onnx' reason."""
    require("onnx")
    job.progress("loading the model")
    loaded = load_estimator(job.model)
    before = SklearnSession(loaded, job.model, job.inputs, {}, double=False).contract
    job.progress("exporting to ONNX")
    about = f"sklearn-onnx could not export {job.model.shown}"
    with failing_as("export-failed", about, job.model.root, _fix(before)):
        written = _convert(prepared(loaded.estimator), before, job.options)
    dtype = job.options["inputDtype"]
    changes = [
        change
        for spec in before.inputs
        for change in declared_input(spec, _written_dtype(spec, dtype), "skl2onnx")
    ]
    return written_file(
        written,
        job,
        [*changes, *declared_outputs(before, written.graph, "skl2onnx")],
        {"estimator": type(loaded.estimator).__name__},
        precision=dtype,
    )


def _convert(estimator: Any, contract: Contract, options: dict[str, Any]) -> Any:
    skl2onnx = require("skl2onnx")
    latest = skl2onnx.get_latest_tested_opset_version()
    arguments = {
        "initial_types": [_initial_type(spec, options["inputDtype"]) for spec in contract.inputs],
        "target_opset": {"": options["opset"] or latest, "ai.onnx.ml": ML_OPSET},
        "name": "model",
    }
    for options_of_model in _model_options(estimator):
        try:
            return skl2onnx.convert_sklearn(estimator, options=options_of_model, **arguments)
        except NameError as error:
            # skl2onnx refuses options that an estimator's converter does not have.
            if not str(error).startswith("Option "):
                raise
    return skl2onnx.convert_sklearn(estimator, **arguments)


def _model_options(estimator: Any) -> list[dict[Any, Any]]:
    """Without `zipmap: False` the output is a sequence of maps, which most runtimes cannot give;
    without `raw_scores` a binary SVM's two scores have each other's sign."""
    from sklearn.base import is_classifier

    if not is_classifier(estimator):
        return []
    plain = {"zipmap": False}
    if is_svm(estimator) and not hasattr(estimator, "predict_proba"):
        return [{id(last_step(estimator)): {**plain, "raw_scores": True}}, plain]
    return [plain]


def _initial_type(spec: TensorSpec, float_dtype: str) -> tuple[str, Any]:
    types = require("skl2onnx.common.data_types")
    dtype = _written_dtype(spec, float_dtype)
    kinds = {
        "float32": types.FloatTensorType,
        "float64": types.DoubleTensorType,
        "int64": types.Int64TensorType,
        "int32": types.Int32TensorType,
        "bool": types.BooleanTensorType,
        "string": types.StringTensorType,
    }
    rest = [d if isinstance(d, int) else None for d in (spec.shape or [None, None])[1:]]
    if not rest and dtype != "string":
        # A column given as a vector: skl2onnx wants matrices.
        rest = [1]
    return spec.name, kinds[dtype]([None, *rest])


def _written_dtype(spec: TensorSpec, float_dtype: str) -> str:
    if spec.dtype is None or spec.dtype.startswith(("float", "bfloat")):
        return float_dtype
    if spec.dtype.startswith(("int", "uint")):
        return "int32" if spec.dtype == "int32" else "int64"
    return spec.dtype


def _fix(contract: Contract) -> str | None:
    if len(contract.inputs) == 1:
        return "if columns are chosen by name, declare one input for each column in the suite"
    return None
