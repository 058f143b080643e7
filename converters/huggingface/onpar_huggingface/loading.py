"""A Transformers model from its folder: config.json, safetensors (in shards or not)."""

from __future__ import annotations

import json
import os
from typing import Any

from onpar_host.errors import WorkerError, failing_as
from onpar_host.model import Model
from onpar_host.packages import require

PICKLED = ("pytorch_model.bin", "pytorch_model.bin.index.json")
SAFE = ("model.safetensors", "model.safetensors.index.json")


def read_config(model: Model) -> dict[str, Any]:
    """config.json. Raises WorkerError `model-load-failed` for what is no folder of a model."""
    path = os.path.join(model.path, "config.json")
    if not os.path.isfile(path):
        raise WorkerError(
            "model-load-failed",
            f"{model.shown} has no config.json",
            fix="name the folder that save_pretrained wrote",
        )
    about = f"{model.shown}: config.json"
    with failing_as("model-load-failed", about, model.root), open(path, encoding="utf-8") as file:
        config = json.load(file)
        if not isinstance(config, dict):
            raise ValueError("it is no JSON object")
    return config


def load_model(model: Model, attention: str | None = None) -> Any:
    """The module of `architectures[0]`, in evaluation mode, weights in the dtype they are stored in.

    Raises WorkerError `trust-required` for pickled weights and for code that lies in the folder,
    `model-load-failed` for an architecture that this version lacks, weights that are missing, and
    with Transformers' reason.
    """
    transformers, torch = require("transformers"), require("torch")
    config = read_config(model)
    torch.set_default_dtype(torch.float32)
    torch.manual_seed(0)
    kind = _class_of(config, model, transformers)
    safe = any(os.path.isfile(os.path.join(model.path, name)) for name in SAFE)
    if not safe and any(os.path.isfile(os.path.join(model.path, name)) for name in PICKLED):
        model.require_trust("holds its weights as a pickle (pytorch_model.bin)")
    own = {"attn_implementation": attention} if attention else {}
    with failing_as("model-load-failed", model.shown, model.root):
        built, report = kind.from_pretrained(
            model.path,
            local_files_only=True,
            trust_remote_code=model.trust,
            use_safetensors=safe,
            output_loading_info=True,
            **own,
        )
    _refuse_missing(report, model)
    for part in built.modules():
        # Encoder and decoder have copies of the configuration; a cache is an object that no format has.
        if hasattr(getattr(part, "config", None), "use_cache"):
            part.config.use_cache = False
    return built.eval()


def _class_of(config: dict[str, Any], model: Model, transformers: Any) -> Any:
    names = config.get("architectures") or []
    if config.get("auto_map"):
        model.require_trust("brings code of its own (auto_map in config.json)")
    if not names:
        raise WorkerError(
            "model-load-failed",
            f"{model.shown}: config.json names no architecture",
            fix='write `"architectures": ["BertForSequenceClassification"]` (or whichever it is) there',
        )
    kind = getattr(transformers, names[0], None)
    if kind is None and config.get("auto_map"):
        return transformers.AutoModel
    if kind is None:
        raise WorkerError(
            "model-load-failed",
            f"{model.shown}: Transformers {transformers.__version__} has no {names[0]}",
            fix="use an environment with the version that wrote it (`python: .venv`); "
            f"config.json says {config.get('transformers_version', 'nothing of it')}",
        )
    return kind


def _refuse_missing(report: dict[str, Any], model: Model) -> None:
    """Weights that the file lacks are drawn at random by Transformers, and only a log line tells."""
    missing = sorted(map(str, report.get("missing_keys") or []))
    wrong = sorted(map(str, report.get("mismatched_keys") or []))
    if not missing and not wrong:
        return
    named = [f"missing: {_some(missing)}"] if missing else []
    named += [f"of another shape: {_some(wrong)}"] if wrong else []
    raise WorkerError(
        "weights-mismatch",
        f"{model.shown}: weights {'; '.join(named)}",
        fix="save the model anew with save_pretrained; `architectures` in config.json must be the class "
        "that was saved",
    )


def _some(names: list[str]) -> str:
    return f"{', '.join(names[:6])}{f' and {len(names) - 6} more' if len(names) > 6 else ''}"
