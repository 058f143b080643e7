"""An XGBoost model with thresholds, leaves and base score moved by one rounding step."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
from onpar_host.perturbing import generator, moved
from onpar_host.variant import Perturb


def perturbed(booster: Any, asked: Perturb) -> Any:
    """Another Booster, made through XGBoost's own JSON; the one given stays.

    `split_conditions` holds, for each node of a tree, the threshold or the leaf's value, in float32
    (doc/model.schema in XGBoost's sources). gblinear has `weights` instead. A base score is moved
    unless that leaves the open interval (0, 1) that a probability has to stay in.
    """
    content = json.loads(bytes(booster.save_raw(raw_format="json")))
    learner = content["learner"]
    inner = learner["gradient_booster"]
    model = inner.get("gbtree", inner)["model"]
    for i, tree in enumerate(model.get("trees", [])):
        _move_tree(tree, f"trees.{i}", asked)
    if "weights" in model:
        model["weights"] = _written(_move(_float32(model["weights"]), "weights", asked))
    settings = learner["learner_model_param"]
    settings["base_score"] = _moved_score(settings["base_score"], asked)
    made = type(booster)()
    made.load_model(bytearray(json.dumps(content).encode()))
    return made


def _move_tree(tree: dict[str, Any], name: str, asked: Perturb) -> None:
    values = _float32(tree["split_conditions"])
    leaf = np.asarray(tree["left_children"]) == -1
    # Thresholds and leaves are different quantities: each has its own stream and its own int8 grid.
    values[~leaf] = _move(values[~leaf], f"{name}.threshold", asked)
    values[leaf] = _move(values[leaf], f"{name}.leaf", asked)
    tree["split_conditions"] = _written(values)


def _moved_score(text: str, asked: Perturb) -> str:
    before = _float32(np.atleast_1d(json.loads(text)))
    after = _move(before, "base_score", asked)
    probability = (before > 0) & (before < 1)
    after = np.where(probability & ((after <= 0) | (after >= 1)), before, after)
    return json.dumps(_written(after))


def _move(values: np.ndarray, name: str, asked: Perturb) -> np.ndarray:
    return moved(values, asked.step, generator(asked.seed, name), None)


def _float32(values: Any) -> np.ndarray:
    return np.asarray(values, dtype=np.float64).astype(np.float32)


def _written(values: np.ndarray) -> list[float]:
    # The shortest decimal that float32 reads back as the same number.
    return [float(str(value)) for value in values.astype(np.float32)]
