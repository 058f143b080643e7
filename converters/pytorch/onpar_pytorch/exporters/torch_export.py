"""torch.export: the graph of the forward pass with its weights, as one `.pt2` file."""

from __future__ import annotations

import os

from onpar_host.errors import WorkerError
from onpar_host.exporting import Exported, ExportJob
from onpar_host.packages import require

from ..facts import precision
from ..programs import untrained_operators
from .export_errors import export_error
from .tracing import dynamic_axes, dynamic_shapes, prepare


def version() -> str:
    """The package that exports."""
    return require("torch").__version__


def export(job: ExportJob) -> Exported:
    """Raises WorkerError `export-failed` with torch's reason and the user's line.

    Every dimension that the suite names is exported as Dim.DYNAMIC, as torch.onnx does with names:
    a dimension that the model fixes is an error, and equal sizes are found, not asserted.
    """
    torch = require("torch")
    traceable = prepare(job)
    path = os.path.join(job.out_dir, "model.pt2")
    job.progress("exporting with torch.export")
    dynamic = torch.export.Dim.DYNAMIC
    strict = bool(job.options["strict"])
    try:
        program = torch.export.export(
            traceable.module,
            traceable.args,
            traceable.kwargs,
            dynamic_shapes=dynamic_shapes(job, traceable, lambda _: dynamic),
            strict=strict,
        )
        torch.export.save(program, path)
    except WorkerError:
        raise
    except Exception as error:
        other = "false" if strict else "true"
        otherwise = f"try `options: {{strict: {other}}}`"
        raise export_error(error, job, "torch-export", otherwise) from error
    facts = {
        **traceable.facts,
        "strict": strict,
        "nodes": len(program.graph.nodes),
        "dynamic": dynamic_axes(job.inputs),
        "sizes": {str(name): str(sizes) for name, sizes in program.range_constraints.items()},
    }
    trained = untrained_operators(program)
    if trained:
        facts["training"] = trained
    return Exported(path, precision(traceable.module), facts=facts)
