"""XGBoost itself."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from onpar_host.contract import TensorSpec
from onpar_host.model import Model
from onpar_host.packages import require
from onpar_host.session import Session
from onpar_host.variant import Variant

from ..boosters.session import BoosterSession, Predict
from ..boosters.xgboost_double import in_double
from ..boosters.xgboost_model import XgboostModel, load_xgboost
from ..boosters.xgboost_perturb import perturbed


def version() -> str:
    """XGBoost's version."""
    return require("xgboost").__version__


def open_model(
    model: Model,
    options: dict[str, Any],
    inputs: list[TensorSpec],
    variant: Variant | None = None,
) -> Session:
    """Raises WorkerError `model-load-failed`, or `variant-unsupported` for a sum that float64 lacks."""
    loaded = load_xgboost(model)
    return session_of(loaded, options.get("threads"), inputs, variant)


def session_of(
    loaded: XgboostModel,
    threads: int | None,
    inputs: list[TensorSpec],
    variant: Variant | None = None,
) -> Session:
    """The session of a loaded model; exporters take its contract."""
    if variant is not None and variant.perturb is not None:
        loaded = replace(loaded, booster=perturbed(loaded.booster, variant.perturb))
    double = variant is not None and variant.float64
    predict = in_double(loaded, _leaves(loaded, threads)) if double else _predict(loaded, threads)
    return BoosterSession(
        predict,
        loaded.answers,
        loaded.features,
        inputs,
        "float32",  # DMatrix rounds every feature to float32.
        "float64" if double else "float32",
        {**loaded.facts, "threads": threads},
    )


def _predict(loaded: XgboostModel, threads: int | None) -> Predict:
    if loaded.objective == "multi:softmax":
        # Booster.predict gives the label alone; its probabilities are the softmax of the margins.
        return lambda x: _softmax(
            loaded.booster.predict(_data(loaded, x, threads), output_margin=True)
        )
    return lambda x: loaded.booster.predict(_data(loaded, x, threads))


def _leaves(loaded: XgboostModel, threads: int | None) -> Predict:
    return lambda x: loaded.booster.predict(_data(loaded, x, threads), pred_leaf=True)


def _data(loaded: XgboostModel, features: np.ndarray, threads: int | None) -> Any:
    names = loaded.booster.feature_names
    return require("xgboost").DMatrix(
        features,
        missing=np.nan,
        feature_names=names,
        feature_types=loaded.booster.feature_types,
        nthread=threads,
    )


def _softmax(margin: np.ndarray) -> np.ndarray:
    # src/common/math.h, Softmax: minus the largest, exponential, divided by the sum in double.
    scaled = np.exp(margin - margin.max(axis=1, keepdims=True))
    return (scaled / scaled.sum(axis=1, keepdims=True, dtype=np.float64)).astype(np.float32)
