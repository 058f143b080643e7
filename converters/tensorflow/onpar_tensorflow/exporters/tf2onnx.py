"""tf2onnx: a Keras model (by way of its SavedModel), a SavedModel's signature or a frozen graph."""

from __future__ import annotations

import os
import tempfile
from typing import Any

from onpar_host.contract import Contract
from onpar_host.errors import failing_as
from onpar_host.exporting import Exported, ExportJob
from onpar_host.packages import package_version, require
from onpar_host.renaming import renamed

from ..graphdef import open_graph, read_graph_def, shown
from ..runtimes.savedmodel import load_saved_model, signature_contract
from ..signatures import DEFAULT, choose_signature
from .keras_savedmodel import export_saved_model, precision
from .onnx_file import finish

REASON = "tf2onnx names the tensors of its graph"


def version() -> str:
    """tf2onnx' version, and that of TensorFlow, which prepares the graph."""
    return f"tf2onnx {package_version('tf2onnx')}, tensorflow {require('tensorflow').__version__}"


def export(job: ExportJob) -> Exported:
    """Raises WorkerError `export-failed` with tf2onnx' reason, `operator-unsupported`."""
    require("tf2onnx")
    # tf2onnx 1.17 uses names that numpy 2 no longer has; Keras mends them for its own export.
    with failing_as("package-missing", "tf2onnx could not be prepared", job.model.root):
        from keras.src.export.tf2onnx_lib import patch_tf2onnx

        patch_tf2onnx()
    about = f"tf2onnx could not export {job.model.shown}"
    computes = "float32"
    if job.model.format == "graphdef":
        before, proto, facts = _from_graph(job, about)
    elif job.model.format == "savedmodel":
        loaded = load_saved_model(job.model)
        name = choose_signature(loaded, job.options["signature"], job.model)
        before = signature_contract(loaded, loaded.signatures[name])
        del loaded
        proto, facts = _from_saved_model(job, job.model.path, name, about), {"signature": name}
    else:
        folder = tempfile.mkdtemp(prefix="tf2onnx-", dir=os.getcwd())
        built, before, _ = export_saved_model(job, folder)
        computes = precision(built)
        proto, facts = _from_saved_model(job, folder, DEFAULT, about), {}
    path = os.path.join(job.out_dir, "model.onnx")
    written, more, findings = finish(proto, path, job, "tf2onnx")
    return Exported(
        path,
        precision=computes,
        declared=renamed(before, written, REASON),
        facts={**facts, **more},
        findings=findings,
    )


def _from_saved_model(job: ExportJob, folder: str, signature: str, about: str) -> Any:
    tf = require("tensorflow")
    from tf2onnx import optimizer, tf_loader, tfonnx

    job.progress("exporting to ONNX")
    with failing_as("export-failed", about, job.model.root):
        graph_def, inputs, outputs, tables, renames = tf_loader.from_saved_model(
            folder,
            None,
            None,
            tag=["serve"],
            signatures=[signature],
            return_initialized_tables=True,
            return_tensors_to_rename=True,
        )
        # What tf2onnx.convert does, which has no function for it that takes tables too.
        with tf.Graph().as_default() as graph:
            tf.graph_util.import_graph_def(graph_def, name="")
            converted = tfonnx.process_tf_graph(
                graph,
                opset=job.options["opset"],
                input_names=inputs,
                output_names=outputs,
                tensors_to_rename=renames,
                initialized_tables=tables,
            )
            return optimizer.optimize_graph(converted).make_model(f"signature {signature}")


def _from_graph(job: ExportJob, about: str) -> tuple[Contract, Any, dict[str, Any]]:
    tf2onnx = require("tf2onnx")
    frozen = open_graph(
        read_graph_def(job.model),
        job.model,
        job.inputs,
        job.options["inputs"],
        job.options["outputs"],
    )
    job.progress("exporting to ONNX")
    with failing_as("export-failed", about, job.model.root):
        # Pruned: tensors inside the graph that are fed become placeholders.
        pruned = frozen.pruned()
        takes, gives = list(frozen.inputs), list(frozen.outputs)
        inputs = [tensor.name for tensor in pruned.inputs[: len(takes)]]
        outputs = [tensor.name for tensor in pruned.outputs]
        names = zip([*inputs, *outputs], [*takes, *gives], strict=True)
        proto, _ = tf2onnx.convert.from_graph_def(
            pruned.graph.as_graph_def(),
            name="frozen graph",
            input_names=inputs,
            output_names=outputs,
            opset=job.options["opset"],
            tensors_to_rename={tensor: shown(name) for tensor, name in names},
        )
    return frozen.contract, proto, frozen.facts
