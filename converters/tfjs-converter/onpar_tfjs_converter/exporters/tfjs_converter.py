"""tensorflowjs: a Keras model (by way of its SavedModel) or a SavedModel's signature as a graph model.

Layers models are not made: those of Keras 3 convert without complaint and cannot be loaded.
"""

from __future__ import annotations

import json
import os
import re
import tempfile
from typing import Any

from onpar_host.contract import Contract, TensorSpec
from onpar_host.errors import WorkerError
from onpar_host.exporting import Declared, Exported, ExportJob
from onpar_host.findings import Finding, finding
from onpar_host.packages import package_version, require
from onpar_host.renaming import renamed
from onpar_host.tracebacks import one_line, trimmed_traceback
from onpar_tensorflow.exporters.keras_savedmodel import REASON, export_saved_model
from onpar_tensorflow.runtimes.savedmodel import load_saved_model, signature_contract
from onpar_tensorflow.signatures import DEFAULT, choose_signature

from ..absent import absent_packages

NARROWED = "TensorFlow.js computes with float32 and int32 only"

DTYPES = {
    "float64": "float32",
    "float16": "float32",
    "bfloat16": "float32",
    **dict.fromkeys(
        ("int64", "int16", "int8", "uint64", "uint32", "uint16", "uint8"),
        "int32",
    ),
}
"""What becomes of a dtype that TensorFlow.js lacks (tfjs-converter, parseDtypeParam)."""


def version() -> str:
    """The converter's version, and that of TensorFlow, which prepares the graph."""
    converter = package_version("tensorflowjs")
    return f"tensorflowjs {converter}, tensorflow {require('tensorflow').__version__}"


def export(job: ExportJob) -> Exported:
    """Raises WorkerError `export-failed` with the converter's reason, `operator-unsupported`, and the
    codes of opening the source."""
    folder, signature, contract, changes = _saved_model(job)
    job.progress("converting to TensorFlow.js")
    _convert(job, folder, signature)
    path = os.path.join(job.out_dir, "model.json")
    with open(path, encoding="utf-8") as file:
        written: dict[str, Any] = json.load(file)
    asked = job.options["precision"]
    stored = _stored(written)
    findings = _without_effect(stored, asked)
    return Exported(
        path,
        # A precision that no weight has got excuses no error.
        precision="float32" if findings else asked,
        declared=_narrowed(contract, changes),
        facts={
            "signature": signature,
            "kind": "graph model",
            "weights": stored,
            "shards": sum(len(group["paths"]) for group in written["weightsManifest"]),
        },
        findings=findings,
    )


def _saved_model(job: ExportJob) -> tuple[str, str, Contract, list[Declared]]:
    """Where the SavedModel lies, its signature by name and contract, and the names that changed."""
    if job.model.format == "savedmodel":
        loaded = load_saved_model(job.model)
        name = choose_signature(loaded, job.options["signature"], job.model)
        return job.model.path, name, signature_contract(loaded, loaded.signatures[name]), []
    # The scratch folder, not out_dir: only the artifact belongs there.
    folder = tempfile.mkdtemp(prefix="tfjs-", dir=os.getcwd())
    _, before, after = export_saved_model(job, folder)
    return folder, DEFAULT, after, renamed(before, after, REASON)


def _convert(job: ExportJob, folder: str, signature: str) -> None:
    require("tensorflow")
    with absent_packages():
        require("tensorflowjs")
        from tensorflowjs.converters import tf_saved_model_conversion_v2 as converter
    precision = job.options["precision"]
    try:
        converter.convert_tf_saved_model(
            folder,
            job.out_dir,
            signature_def=signature,
            saved_model_tags="serve",
            quantization_dtype_map=None if precision == "float32" else {precision: "*"},
            strip_debug_ops=job.options["stripDebugOps"],
            weight_shard_size_bytes=job.options["shardBytes"],
            control_flow_v2=job.options["controlFlowV2"],
        )
    except Exception as error:
        raise _failure(job, error) from error
    if not os.path.exists(os.path.join(job.out_dir, "model.json")):
        raise WorkerError(
            "export-failed",
            f"tensorflowjs wrote nothing for {job.model.shown}",
            fix="its graph could not be frozen; export a SavedModel with tf.saved_model.save again",
        )


def _failure(job: ExportJob, error: Exception) -> WorkerError:
    text = one_line(str(error))
    unsupported = re.search(r"Unsupported Ops: (.+)", text)
    detail = trimmed_traceback(error, job.model.root)
    if unsupported is None:
        return WorkerError(
            "export-failed",
            f"tensorflowjs could not export {job.model.shown}: {text}",
            detail=detail,
        )
    operators = ", ".join(sorted(re.split(r",\s*", unsupported[1].strip())))
    return WorkerError(
        "operator-unsupported",
        f"TensorFlow.js has no operator {operators}, which {job.model.shown} uses",
        fix="replace it in the model, or deploy the SavedModel itself with tfjs-node",
        detail=detail,
    )


def _stored(written: dict[str, Any]) -> dict[str, int]:
    """Elements of floating weights by how they are stored."""
    counts: dict[str, int] = {}
    for group in written["weightsManifest"]:
        for weight in group["weights"]:
            if weight["dtype"] != "float32":
                continue
            kind = weight.get("quantization", {}).get("dtype", "float32")
            elements = 1
            for size in weight["shape"]:
                elements *= size
            counts[kind] = counts.get(kind, 0) + elements
    return dict(sorted(counts.items()))


def _without_effect(stored: dict[str, int], asked: str) -> list[Finding]:
    """A finding where no weight was stored in the precision that was asked for."""
    if asked == "float32" or asked in stored:
        return []
    largest = max(stored.values(), default=0)
    args = {"precision": asked, "largest": largest}
    return [finding("precision-without-effect", "warning", "exporter", **args)]


def _narrowed(contract: Contract, renames: list[Declared]) -> list[Declared]:
    """Dtypes that TensorFlow.js does not have become float32 or int32."""
    changes = {(change["side"], change.get("to", change["name"])): change for change in renames}
    for side, specs in (("input", contract.inputs), ("output", contract.outputs)):
        for spec in specs:
            dtype = DTYPES.get(spec.dtype or "")
            if dtype is not None:
                changes[(side, spec.name)] = _with_dtype(changes, side, spec, dtype)
    return list(changes.values())


def _with_dtype(
    changes: dict[tuple[str, str], Declared], side: str, spec: TensorSpec, dtype: str
) -> Declared:
    before = changes.get((side, spec.name), {"side": side, "name": spec.name})
    reasons = [before.get("reason"), NARROWED]
    return {**before, "dtype": dtype, "reason": "; ".join(filter(None, reasons))}
