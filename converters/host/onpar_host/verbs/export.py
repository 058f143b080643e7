"""`export`: turns a model into an artifact of another format."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..contract import specs_from_json
from ..dependencies import recording
from ..errors import WorkerError, failing_as
from ..exporting import ExportJob
from ..findings import exporter_warnings
from ..local_modules import forget_local_modules, importable
from ..model import Model
from ..opening import model_files
from ..safetensors import SafetensorsError, read_tensors
from ..tensor import Tensor
from ..user_code import seed_everything

if TYPE_CHECKING:
    from ..worker import Worker


def answer(
    worker: Worker, params: dict[str, Any], progress: Callable[[str], None]
) -> dict[str, Any]:
    """`{path, format, version, precision, declared, facts, findings, dependencies}`."""
    model = Model.from_json(params["model"])
    name = str(params["exporter"])
    plugin = worker.toolchain.exporter(name, model.format, params.get("options") or {})
    out_dir = str(params["outDir"])
    os.makedirs(out_dir, exist_ok=True)
    job = ExportJob(
        model=model,
        options=plugin.options,
        inputs=specs_from_json(params.get("inputs")),
        out_dir=out_dir,
        example_inputs=_example_inputs(params.get("exampleInputs")),
        progress=progress,
    )
    forget_local_modules([model.root])
    # Imports the framework: what it reads for itself is not the model's.
    version = plugin.module.version()
    seed_everything()
    about = f"{name} could not export {model.shown}"
    with recording(model.root, [worker.scratch, out_dir]) as recorder:
        with (
            importable(model.import_folders),
            exporter_warnings(model.root) as warned,
            failing_as("export-failed", about, model.root),
        ):
            exported = plugin.module.export(job)
        for path in (*model_files(model), *exported.dependencies):
            recorder.add(path)
        dependencies = recorder.files()
    return {
        "path": exported.path,
        "format": worker.toolchain.target_format(name),
        "version": version,
        "precision": exported.precision,
        "declared": exported.declared,
        "facts": exported.facts,
        "findings": [*exported.findings, *warned],
        "dependencies": dependencies,
    }


def _example_inputs(path: str | None) -> dict[str, Tensor] | None:
    if path is None:
        return None
    try:
        return read_tensors(path)
    except (SafetensorsError, OSError) as error:
        raise WorkerError("bad-request", f"exampleInputs are unreadable: {error}") from error
