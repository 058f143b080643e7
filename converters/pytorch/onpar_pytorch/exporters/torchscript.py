"""TorchScript: trace one run, or compile the source."""

from __future__ import annotations

import os
from typing import Any

from onpar_host.errors import failing_as
from onpar_host.exporting import Exported, ExportJob
from onpar_host.packages import require

from ..facts import module_facts, precision
from ..loading import load_module
from .tracing import prepare


def version() -> str:
    """The package that exports."""
    return require("torch").__version__


def export(job: ExportJob) -> Exported:
    """Raises WorkerError `export-failed` with torch's reason. Scripting needs no example inputs."""
    torch = require("torch")
    method = job.options["method"]
    about = f"torch.jit.{method} could not export {job.model.shown}"
    fix = f"try `options: {{method: {'script' if method == 'trace' else 'trace'}}}`"
    if method == "trace":
        traceable = prepare(job)
        job.progress("tracing")
        with failing_as("export-failed", about, job.model.root, fix), torch.no_grad():
            # no_grad: attention takes another path with gradients than it does in inference.
            scripted = _trace(traceable)
        facts, kind = traceable.facts, precision(traceable.module)
    else:
        job.progress("compiling")
        module, _ = load_module(job.model)
        with failing_as("export-failed", about, job.model.root, fix):
            scripted = torch.jit.script(module)
        facts, kind = module_facts(module), precision(module)
    path = os.path.join(job.out_dir, "model.pt")
    torch.jit.save(scripted, path)
    return Exported(path, kind, facts={**facts, "method": method})


def _trace(traceable: Any) -> Any:
    """`strict=False` lets a module return a dict: its keys are compared, not trusted."""
    torch = require("torch")
    if not traceable.kwargs:
        return torch.jit.trace(traceable.module, traceable.args, strict=False)
    by_parameter = {traceable.parameters[n]: traceable.tensors[n] for n in traceable.names}
    return torch.jit.trace(traceable.module, example_kwarg_inputs=by_parameter, strict=False)
