"""Opening a model with a runtime while its dependencies are recorded: shared by `describe` and `open`."""

from __future__ import annotations

from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING, Any

from .contract import TensorSpec, specs_from_json
from .dependencies import folder_files, recording
from .errors import WorkerError, failing_as
from .local_modules import forget_local_modules
from .model import Model
from .session import Session
from .toolchain import Plugin
from .user_code import seed_everything
from .variant import Variant, variant_from_json

if TYPE_CHECKING:
    from .worker import Worker


@dataclass(frozen=True)
class OpenedModel:
    """`examples` are asked for while still recording: they may read files too."""

    session: Session
    model: Model
    runtime: ModuleType
    dependencies: list[str]
    examples: Any


def open_model(worker: Worker, params: dict[str, Any], with_examples: bool) -> OpenedModel:
    """Raises WorkerError with the codes of loading (docs/worker-protocol.md)."""
    model = Model.from_json(params["model"])
    plugin = worker.toolchain.runtime(
        str(params["runtime"]), model.format, params.get("options") or {}
    )
    inputs = specs_from_json(params.get("inputs"))
    variant = variant_from_json(params.get("variant"))
    forget_local_modules([model.root])
    # Imports the framework: what it reads for itself is not the model's.
    plugin.module.version()
    seed_everything()
    with recording(model.root, [worker.scratch]) as recorder:
        with failing_as("model-load-failed", model.shown, model.root):
            session = _open(plugin, model, inputs, variant, params.get("taps") is True)
        examples = session.example_inputs() if with_examples else None
        for path in (*model_files(model), *session.dependencies()):
            recorder.add(path)
        dependencies = recorder.files()
    return OpenedModel(session, model, plugin.module, dependencies, examples)


def _open(
    plugin: Plugin, model: Model, inputs: list[TensorSpec], variant: Variant | None, taps: bool
) -> Session:
    if taps and not plugin.taps:
        raise WorkerError("bad-request", f"runtime {plugin.name} gives out no intermediate values")
    tapping = {"taps": True} if taps else {}
    if variant is None:
        return plugin.module.open_model(model, plugin.options, inputs, **tapping)
    lacking = [kind for kind in variant.kinds if kind not in plugin.variants]
    if lacking:
        raise WorkerError(
            "bad-request",
            f"runtime {plugin.name} has no variant {', '.join(lacking)}",
            fix=f"it has {', '.join(plugin.variants) or 'none'}",
        )
    return plugin.module.open_model(model, plugin.options, inputs, variant=variant, **tapping)


def model_files(model: Model) -> list[str]:
    """The model's own files, whoever reads them."""
    return [*folder_files(model.path), *([model.weights] if model.weights else [])]
