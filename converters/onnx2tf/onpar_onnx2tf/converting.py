"""One conversion by onnx2tf: of a copy of the file, without network, its console kept off."""

from __future__ import annotations

import contextlib
import io
import os
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from onpar_host.errors import failing_as
from onpar_host.exporting import ExportJob
from onpar_host.findings import Finding
from onpar_host.packages import package_version, require
from onpar_onnx_tools.files import is_large, load

from .calibrating import calibration_files
from .inputs import Axes, inputs_of, sizes_of
from .layouts import layout_between
from .saying import failure, plain, warnings_in

IMAGES = (20, 128, 128, 3)
"""The shape of the photographs that onnx2tf fetches from the internet (download_test_image_data)."""


@dataclass(frozen=True)
class Converted:
    """`folder` holds what onnx2tf wrote: `model_*.tflite`, and the SavedModel beside them."""

    folder: str
    inputs: list[Axes]
    outputs: list[Axes]
    findings: list[Finding]


def version() -> str:
    """The version of onnx2tf, and of TensorFlow, which writes the files."""
    return f"onnx2tf {package_version('onnx2tf')}, tensorflow {require('tensorflow').__version__}"


def converted(job: ExportJob, feeds: list[dict[str, Any]], **more: Any) -> Converted:
    """Converts into a folder of its own; `feeds` are calibration rows as the ONNX model takes them.

    Raises WorkerError `export-failed` with the node and the reason, `operator-unsupported`,
    `bad-request` for names that no input has, and the codes of reading the file.
    """
    proto = load(job.model)
    inputs = inputs_of(job, proto)
    # Not in out_dir, where only the artifact belongs; a copy, since onnx2tf simplifies in place.
    folder = tempfile.mkdtemp(prefix="onnx2tf-", dir=os.getcwd())
    path = os.path.join(folder, "model.onnx")
    require("onnx").save(proto, path, save_as_external_data=is_large(proto))
    written = os.path.join(folder, "written")
    with failing_as("export-failed", "onnx2tf could not be loaded", job.model.root):
        require("tensorflow")
        tool = require("onnx2tf")
    said = io.StringIO()
    try:
        with _offline(), _own_commands(), contextlib.redirect_stdout(said):
            model = tool.convert(
                input_onnx_file_path=path,
                output_folder_path=written,
                not_use_onnxsim=not job.options["simplify"],
                batch_size=job.options["batch"],
                keep_ncw_or_nchw_or_ncdhw_input_names=_names(inputs, "layout"),
                keep_shape_absolutely_input_names=_names(inputs, "shape"),
                custom_input_op_name_np_data_path=calibration_files(
                    feeds, inputs, job.options["batch"], folder
                )
                or None,
                verbosity="warn",
                **more,
            )
    # It ends the process where it refuses an option or a model.
    except (Exception, SystemExit) as error:
        raise failure(job, proto, error, plain(said.getvalue())) from error
    finally:
        # All of it belongs into the log.
        sys.stderr.write(plain(said.getvalue()))
    return Converted(written, inputs, _outputs(proto, model), warnings_in(plain(said.getvalue())))


def _names(inputs: list[Axes], kept: str) -> list[str] | None:
    return [one.name for one in inputs if one.kept == kept] or None


def _outputs(proto: Any, model: Any) -> list[Axes]:
    notes = getattr(model, "onnx_output_layouts", {})
    found = []
    for value, tensor in zip(proto.graph.output, model.outputs, strict=True):
        before = sizes_of(value)
        after = list(tensor.shape) if tensor.shape.rank is not None else []
        layout = layout_between(before, after, bool(notes.get(value.name)))
        found.append(Axes(value.name, tensor.dtype.name, layout))
    return found


@contextlib.contextmanager
def _offline() -> Iterator[None]:
    """onnx2tf runs models of RGB images on photographs that it fetches; here on noise of their shape.

    They only help it to choose between transpositions, for which noise does as well.
    """
    module = sys.modules["onnx2tf.onnx2tf"]
    original = module.download_test_image_data
    module.download_test_image_data = lambda: (
        np.random.default_rng(0).random(IMAGES).astype("float32")
    )
    try:
        yield
    finally:
        module.download_test_image_data = original


@contextlib.contextmanager
def _own_commands() -> Iterator[None]:
    """It starts `onnxsim` by name, which lies beside this environment's Python."""
    before = os.environ.get("PATH", "")
    os.environ["PATH"] = os.pathsep.join([os.path.dirname(sys.executable), before])
    try:
        yield
    finally:
        os.environ["PATH"] = before
