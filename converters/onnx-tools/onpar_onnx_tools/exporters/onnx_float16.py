"""onnxconverter-common: float32 weights and arithmetic become float16."""

from __future__ import annotations

import contextlib
import copy
import io
import re
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
from onpar_host.errors import WorkerError, failing_as
from onpar_host.exporting import Exported, ExportJob
from onpar_host.findings import Finding
from onpar_host.packages import package_version, require

from ..about import dtype_changes, facts
from ..calibration import CalibrationRows
from ..files import is_large, load, save, weight_files
from ..graphs import drop_inferred_types, graphs_in, nodes_in, part_read_outputs
from ..warned import warning

TRUNCATED = re.compile(r"the float32 number (\S+) will be truncated to (\S+)")


def version() -> str:
    """onnxconverter-common's version."""
    require("onnxconverter_common")
    return package_version("onnxconverter-common")


def export(job: ExportJob) -> Exported:
    """Raises WorkerError `export-failed`: wrong block list, already float16, or the converter's reason."""
    before = load(job.model)
    mixed = job.options["mixed"]
    about = f"onnx-float16 could not export {job.model.shown}"
    _check_block_list(before, job)
    rows = CalibrationRows(job, before) if mixed else None
    if is_large(before):
        raise WorkerError(
            "export-failed",
            f"{about}: its weights exceed the 2 GiB that the converter can take",
            fix="convert the model's parts, or export it in float16 from its own framework",
        )
    job.progress("converting to mixed precision" if mixed else "converting to float16")
    work = copy.deepcopy(before)
    # Stale types of inner tensors would decide where casts go.
    drop_inferred_types(work)
    if job.options["keepIo"]:
        # The converter puts a cast behind each output and leaves its other readers at the float32.
        part_read_outputs(work)
    with failing_as("export-failed", about, job.model.root), _truncations() as findings:
        after = _mixed(work, job, rows) if rows else _all(work, job)
    changed = dtype_changes(before, after, "converted to float16, inputs and outputs included")
    if job.options["keepIo"]:
        # The converter forgets an output of a node on the block list. Nobody asked for that: not declared.
        findings.extend(
            warning(f"keepIo was asked for, but the converter made {c['name']} {c['dtype']}")
            for c in changed
        )
        changed = []
    return Exported(
        save(after, job),
        precision="float16",
        declared=changed,
        facts={**facts(before, after), "mixed": mixed, "castsToFloat32": _casts_up(after)},
        findings=findings,
        dependencies=[*weight_files(job.model), *(rows.paths if rows else [])],
    )


def _all(model: Any, job: ExportJob) -> Any:
    float16 = require("onnxconverter_common.float16")
    blocked = job.options["blockList"] or []
    names = {node.name for node in nodes_in(model) if node.name}
    operators = [name for name in blocked if name not in names]
    return float16.convert_float_to_float16(
        model,
        min_positive_val=job.options["minPositive"],
        max_finite_val=job.options["maxFinite"],
        keep_io_types=job.options["keepIo"],
        op_block_list=[*float16.DEFAULT_OP_BLOCK_LIST, *operators],
        node_block_list=[name for name in blocked if name in names],
    )


def _mixed(model: Any, job: ExportJob, rows: CalibrationRows) -> Any:
    """Leaves in float32 what does not hold the tolerance on the first calibration batch."""
    mixing = require("onnxconverter_common.auto_mixed_precision")
    # It finds its segments by node name.
    for index, node in enumerate(model.graph.node):
        node.name = node.name or f"{node.op_type}_{index}"
    with contextlib.redirect_stdout(io.StringIO()):
        return mixing.auto_convert_mixed_precision(
            model,
            rows.first(),
            rtol=job.options["rtol"],
            atol=job.options["atol"],
            keep_io_types=job.options["keepIo"],
        )


def _check_block_list(model: Any, job: ExportJob) -> None:
    """A name that is neither an operator nor a node of the model would keep nothing back."""
    blocked = job.options["blockList"] or []
    if blocked and job.options["mixed"]:
        raise WorkerError(
            "export-failed",
            "onnx-float16: `mixed` chooses itself what stays in float32 and takes no `blockList`",
            fix="leave one of them out",
        )
    operators = sorted({node.op_type for node in nodes_in(model)})
    names = {node.name for node in nodes_in(model)}
    unknown = [name for name in blocked if name not in names and name not in operators]
    if unknown:
        raise WorkerError(
            "export-failed",
            f"onnx-float16: {job.model.shown} has no operator or node called {', '.join(unknown)}",
            fix=f"its operators: {', '.join(operators)}",
        )


@contextlib.contextmanager
def _truncations() -> Iterator[list[Finding]]:
    """One finding for all weights that were moved into float16's range, instead of one for each."""
    found: list[Finding] = []
    pairs: list[tuple[float, float]] = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield found
    for item in caught:
        match = TRUNCATED.search(str(item.message))
        if match is None:
            warnings.warn_explicit(item.message, item.category, item.filename, item.lineno)
        else:
            pairs.append((float(match[1]), float(match[2])))
    large = [pair for pair in pairs if abs(pair[0]) > abs(pair[1])]
    if large:
        value, limit = max(large, key=lambda pair: abs(pair[0]))
        found.append(
            warning(
                f"weights outside the range were cut ({len(large)} tensor(s)): the largest, "
                f"{value:g}, became {limit:g} (option maxFinite; float16 ends at "
                f"{float(np.finfo(np.float16).max):g})"
            )
        )
    small = [pair for pair in pairs if abs(pair[0]) < abs(pair[1])]
    if small:
        value, limit = min(small, key=lambda pair: abs(pair[0]))
        found.append(
            warning(
                f"weights too small for float16 were raised ({len(small)} tensor(s)): "
                f"the smallest, {value:g}, became {limit:g} (option minPositive)"
            )
        )


def _casts_up(model: Any) -> int:
    """How many casts lead back to float32 (1 in onnx.TensorProto), to what was kept out of float16."""
    casts = [n for g in graphs_in(model.graph) for n in g.node if n.op_type == "Cast"]
    return sum(1 for n in casts for a in n.attribute if a.name == "to" and a.i == 1)
