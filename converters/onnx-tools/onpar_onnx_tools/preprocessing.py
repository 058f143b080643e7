"""onnxruntime's preparation for quantisation: shapes inferred, batch norms folded into convolutions."""

from __future__ import annotations

import os
import tempfile
from typing import Any

from onpar_host.errors import describe_exception, failing_as
from onpar_host.exporting import ExportJob
from onpar_host.findings import Finding
from onpar_host.packages import require

from .files import is_large, load
from .graphs import drop_inferred_types
from .warned import warning


def preprocess(model: Any, path: str, job: ExportJob, **choices: bool) -> None:
    """Runs quant_pre_process and writes to `path`.

    `choices` are its own: skip_optimization, skip_onnx_shape, skip_symbolic_shape, auto_merge,
    guess_output_rank. Raises what it raises.
    """
    shaping = require("onnxruntime.quantization.shape_inference")
    shaping.quant_pre_process(model, path, save_as_external_data=is_large(model), **choices)


def prepared(job: ExportJob) -> tuple[Any, list[Finding]]:
    """The model that the quantisers are given, and what went otherwise than it should.

    Types that an exporter left are dropped first: the quantiser stops at one that contradicts its
    own inference. Symbolic shape inference gives up on some healthy graphs; then it goes without.
    """
    onnx = require("onnx")
    model = load(job.model)
    drop_inferred_types(model)
    if not job.options["preprocess"]:
        return model, []
    path = os.path.join(tempfile.mkdtemp(prefix="preprocessed-", dir=os.getcwd()), "model.onnx")
    job.progress("inferring shapes and folding batch norms")
    try:
        preprocess(model, path, job)
        return onnx.load(path), []
    except Exception as error:
        reason = describe_exception(error, job.model.root)
    about = f"{job.model.shown} could not be preprocessed for quantisation"
    with failing_as("export-failed", about, job.model.root, "set `preprocess: false`"):
        preprocess(model, path, job, skip_symbolic_shape=True)
    return onnx.load(path), [
        warning(f"symbolic shapes could not be inferred ({reason}); quantised without them")
    ]
