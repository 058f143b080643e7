"""LightGBM itself."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from onpar_host.contract import TensorSpec
from onpar_host.model import Model
from onpar_host.packages import require
from onpar_host.session import Session
from onpar_host.variant import Variant

from ..boosters.lightgbm_model import LightgbmModel, load_lightgbm
from ..boosters.lightgbm_perturb import perturbed_text
from ..boosters.session import BoosterSession


def version() -> str:
    """LightGBM's version."""
    return require("lightgbm").__version__


def open_model(
    model: Model,
    options: dict[str, Any],
    inputs: list[TensorSpec],
    variant: Variant | None = None,
) -> Session:
    """Raises WorkerError `model-load-failed`."""
    return session_of(load_lightgbm(model), options.get("threads"), inputs, variant)


def session_of(
    loaded: LightgbmModel,
    threads: int | None,
    inputs: list[TensorSpec],
    variant: Variant | None = None,
) -> Session:
    """The session of a loaded model; exporters take its contract.

    LightGBM keeps thresholds and leaves in float64 and adds in float64, so that its `float64`
    variant differs from the deployed model only by inputs that are not narrowed on the way.
    """
    if variant is not None and variant.perturb is not None:
        text = perturbed_text(loaded.text, variant.perturb)
        loaded = replace(loaded, booster=require("lightgbm").Booster(model_str=text), text=text)
    limit = {} if threads is None else {"num_threads": threads}
    return BoosterSession(
        lambda features: loaded.booster.predict(features, **limit),
        loaded.answers,
        loaded.features,
        inputs,
        None,
        "float64",
        {**loaded.facts, "threads": threads},
        widen=variant is not None and variant.float64,
    )
