"""tensorflowjs: a Keras model (by way of its SavedModel) or a SavedModel's signature as a graph model.

Layers models are not made: those of Keras 3 convert without complaint and cannot be loaded.
"""

from __future__ import annotations

import json
import os
import re
import tempfile
import traceback
from dataclasses import dataclass
from typing import Any

from onpar_host.contract import Contract
from onpar_host.errors import WorkerError, describe_exception
from onpar_host.exporting import Declared, Exported, ExportJob, declared
from onpar_host.findings import Finding, finding
from onpar_host.packages import package_version, require
from onpar_host.renaming import renamed
from onpar_host.tracebacks import one_line, trimmed_traceback
from onpar_tensorflow.exporters.keras_savedmodel import REASON, export_saved_model
from onpar_tensorflow.runtimes.savedmodel import load_saved_model, signature_contract
from onpar_tensorflow.signatures import DEFAULT, choose_signature

from ..absent import absent_packages
from ..switch_waits import drop_switch_waits

NAMED = "the converter names tensors of one dtype and shape as the graph does"
NARROWED = "TensorFlow.js computes with float32 and int32 only"

UNSUPPORTED = re.compile(
    r"Unsupported Ops(?: in the model (?:before|after) optimization)?:?\s+(.+)"
)

Tensors = dict[str, dict[str, str]]

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
    source = _saved_model(job)
    job.progress("converting to TensorFlow.js")
    _convert(job, source.folder, source.signature)
    path = os.path.join(job.out_dir, "model.json")
    with open(path, encoding="utf-8") as file:
        written: dict[str, Any] = json.load(file)
    left_out = drop_switch_waits(written["modelTopology"])
    if left_out:
        with open(path, "w", encoding="utf-8") as file:
            json.dump(written, file)
    asked = job.options["precision"]
    stored = _stored(written)
    without_effect = _without_effect(stored, asked)
    return Exported(
        path,
        # A precision that no weight has got excuses no error.
        precision="float32" if without_effect else asked,
        declared=declared_changes(source.contract, source.renames, _names(source.tensors, written)),
        facts={
            "signature": source.signature,
            "kind": "graph model",
            "weights": stored,
            "shards": sum(len(group["paths"]) for group in written["weightsManifest"]),
            **({"switchWaitsLeftOut": left_out} if left_out else {}),
        },
        findings=[*without_effect, *_misnamed(source.tensors, written)],
    )


@dataclass(frozen=True)
class Source:
    """A SavedModel's signature: its contract, what it renamed, and its tensors by side and name."""

    folder: str
    signature: str
    contract: Contract
    renames: list[Declared]
    tensors: Tensors


def _saved_model(job: ExportJob) -> Source:
    if job.model.format == "savedmodel":
        loaded = load_saved_model(job.model)
        name = choose_signature(loaded, job.options["signature"], job.model)
        function = loaded.signatures[name]
        contract = signature_contract(loaded, function)
        return Source(job.model.path, name, contract, [], _tensors(function))
    # The scratch folder, not out_dir: only the artifact belongs there.
    folder = tempfile.mkdtemp(prefix="tfjs-", dir=os.getcwd())
    _, before, after = export_saved_model(job, folder)
    loaded = require("tensorflow").saved_model.load(folder)
    renames = renamed(before, after, REASON)
    return Source(folder, DEFAULT, after, renames, _tensors(loaded.signatures[DEFAULT]))


def _tensors(function: Any) -> Tensors:
    """Tensor of the graph → name in the signature. Both sides are flattened in the order of names."""
    names = sorted(function.structured_input_signature[1])
    inputs = {tensor.name: name for name, tensor in zip(names, function.inputs, strict=False)}
    results = sorted(function.structured_outputs)
    outputs = {tensor.name: name for name, tensor in zip(results, function.outputs, strict=True)}
    return {"input": inputs, "output": outputs}


def _names(tensors: Tensors, written: dict[str, Any]) -> dict[tuple[str, str], str]:
    """(side, name in the SavedModel's signature) → name in that of the file.

    The converter finds a tensor's name in the signature by dtype and shape: where several could be
    meant, the file has the tensor's own, such as `Identity_1:0`.
    """
    keys = written.get("userDefinedMetadata", {}).get("structuredOutputKeys")
    found = {}
    for side in ("input", "output"):
        # Named by the keys, whatever the signature says.
        if side == "output" and keys:
            continue
        for name, info in written["signature"].get(f"{side}s", {}).items():
            original = tensors[side].get(info["name"])
            if original is not None:
                found[(side, original)] = name
    return found


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
            use_structured_outputs_names=job.options["structuredOutputs"],
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
    # The converter freezes a graph the old way when the new one fails, which hides why that was.
    first = error.__context__ or error
    text = one_line(describe_exception(first))
    unsupported = UNSUPPORTED.search(one_line(str(error)))
    detail = trimmed_traceback(error, job.model.root)
    if "_get_resource_ids_maps" in "".join(traceback.format_tb(first.__traceback__)):
        return WorkerError(
            "export-failed",
            f"tensorflowjs could not export {job.model.shown}: it holds a table that the signature "
            f"does not use ({text})",
            fix="save a SavedModel that holds this signature alone",
            detail=detail,
        )
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


def _misnamed(tensors: Tensors, written: dict[str, Any]) -> list[Finding]:
    """A finding where `predict` will give results under names of others.

    The names are a list in their own order, the signature is a map that protobuf writes in none, and
    TensorFlow.js joins the two by place (GraphModel.addStructuredOutputNames).
    """
    keys = written.get("userDefinedMetadata", {}).get("structuredOutputKeys", [])
    infos = written["signature"].get("outputs", {}).values()
    wrong = [
        f"{original} as {key}"
        for key, info in zip(keys, infos, strict=False)
        if (original := tensors["output"].get(info["name"], key)) != key
    ]
    if not wrong:
        return []
    message = (
        "the names of structuredOutputs are in another order than the file's outputs: "
        f"predict gives {', '.join(wrong)}"
    )
    return [finding("exporter-warning", "warning", "exporter", message=message)]


def _without_effect(stored: dict[str, int], asked: str) -> list[Finding]:
    """A finding where no weight was stored in the precision that was asked for."""
    if asked == "float32" or asked in stored:
        return []
    largest = max(stored.values(), default=0)
    args = {"precision": asked, "largest": largest}
    return [finding("precision-without-effect", "warning", "exporter", **args)]


def declared_changes(
    contract: Contract, renames: list[Declared], written: dict[tuple[str, str], str]
) -> list[Declared]:
    """What became of names and dtypes, all the way from the source: one entry for each that changed."""
    earlier = {(change["side"], change.get("to", change["name"])): change for change in renames}
    changes = []
    for side, specs in (("input", contract.inputs), ("output", contract.outputs)):
        for spec in specs:
            before = earlier.get((side, spec.name), {"name": spec.name})
            to = written.get((side, spec.name), spec.name)
            dtype = DTYPES.get(spec.dtype or "")
            reasons = [before.get("reason"), NAMED if to != spec.name else None]
            reasons.append(NARROWED if dtype is not None else None)
            reason = "; ".join(filter(None, reasons))
            if not reason:
                continue
            to = None if to == before["name"] else to
            changes.append(declared(side, before["name"], reason, to=to, dtype=dtype))
    return changes
