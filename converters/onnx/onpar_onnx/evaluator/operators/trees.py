"""Tree ensembles and normalisation of ai.onnx.ml.

onnx's TreeEnsembleClassifier sums in float32 whatever comes in, its ensembles walk every row in Python, and
its Normalizer divides by the largest magnitude where ONNX says max(x) (and ONNX Runtime does).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import sums
from ..operator import Operator, implements
from ..rounding import off
from .elementwise import sigmoid

ML = "ai.onnx.ml"
RULES = {
    "BRANCH_LEQ": np.less_equal,
    "BRANCH_LT": np.less,
    "BRANCH_GTE": np.greater_equal,
    "BRANCH_GT": np.greater,
    "BRANCH_EQ": np.equal,
    "BRANCH_NEQ": np.not_equal,
}


def _given(attributes: dict[str, Any], name: str) -> Any:
    tensor = attributes.get(f"{name}_as_tensor")
    return tensor if tensor is not None and tensor.size else attributes.get(name)


class _Forest:
    """All trees' nodes in one list; `votes` [nodes, targets] are what leaves give, `voted` where."""

    def __init__(self, attributes: dict[str, Any], kind: str, targets: int) -> None:
        trees, nodes = attributes["nodes_treeids"], attributes["nodes_nodeids"]
        index = {pair: i for i, pair in enumerate(zip(trees, nodes, strict=True))}
        first: dict[int, int] = {}
        for i, tree in enumerate(trees):
            first.setdefault(tree, i)
        self.roots = np.array([first[tree] for tree in sorted(first)])
        self.feature = np.array(attributes["nodes_featureids"])
        self.threshold = np.asarray(_given(attributes, "nodes_values"), dtype=np.float64)
        self.modes = np.array(attributes["nodes_modes"])
        leaf = self.modes == "LEAF"
        self.leaf = leaf
        self.yes, self.no = (
            np.array(
                [
                    i if leaf[i] else index[tree, to]
                    for i, (tree, to) in enumerate(zip(trees, ids, strict=True))
                ]
            )
            for ids in (attributes["nodes_truenodeids"], attributes["nodes_falsenodeids"])
        )
        missing = attributes.get("nodes_missing_value_tracks_true") or [0] * len(trees)
        self.missing = np.array(missing, dtype=bool)
        self.votes = np.zeros((len(trees), targets))
        self.voted = np.zeros((len(trees), targets), dtype=bool)
        weights = _given(attributes, f"{kind}_weights")
        where = zip(attributes[f"{kind}_treeids"], attributes[f"{kind}_nodeids"], strict=True)
        for pair, target, weight in zip(where, attributes[f"{kind}_ids"], weights, strict=True):
            self.votes[index[pair], target] += weight
            self.voted[index[pair], target] = True

    def leaves(self, x: np.ndarray) -> np.ndarray:
        """[rows, trees]: the leaf that each row ends in."""
        at = np.tile(self.roots, (x.shape[0], 1))
        rows = np.arange(x.shape[0])[:, None]
        while not self.leaf[at].all():
            value, threshold, mode = x[rows, self.feature[at]], self.threshold[at], self.modes[at]
            right = np.isnan(value) & self.missing[at]
            for name, rule in RULES.items():
                right |= (mode == name) & rule(value, threshold)
            at = np.where(right, self.yes[at], self.no[at])
        return at

    def totals(self, leaves: np.ndarray) -> np.ndarray:
        """[rows, targets]: the sum of the votes."""
        votes = self.votes[leaves]
        return off(votes.sum(axis=1), leaves.shape[1], lambda: np.abs(votes).sum(axis=1))


def transformed(scores: np.ndarray, name: str) -> np.ndarray:
    """post_transform of ai.onnx.ml. Raises NotImplementedError for PROBIT."""
    if name == "LOGISTIC":
        return sigmoid(scores)
    if name == "SOFTMAX":
        return sums.softmax(scores, -1)
    if name == "SOFTMAX_ZERO":
        there = scores != 0
        powers = np.where(there, np.exp(scores - scores.max(axis=-1, keepdims=True)), 0)
        return powers / sums.total(powers, -1)
    if name != "NONE":
        raise NotImplementedError(f"post_transform {name}")
    return scores


@implements("TreeEnsembleRegressor", domain=ML)
class TreeEnsembleRegressor(Operator):
    """aggregate of the trees, plus base values, then post_transform."""

    def _run(
        self,
        x: Any,
        n_targets: int = 1,
        aggregate_function: str = "SUM",
        post_transform: str = "NONE",
        **rest: Any,
    ) -> tuple[Any, ...]:
        forest = _Forest(rest, "target", n_targets)
        leaves = forest.leaves(x)
        if aggregate_function in ("SUM", "AVERAGE"):
            scores = forest.totals(leaves)
            scores = scores / len(forest.roots) if aggregate_function == "AVERAGE" else scores
        else:
            votes, voted = forest.votes[leaves], forest.voted[leaves]
            lowest = aggregate_function == "MAX"
            filled = np.where(voted, votes, -np.inf if lowest else np.inf)
            scores = filled.max(axis=1) if lowest else filled.min(axis=1)
            scores = np.where(voted.any(axis=1), scores, 0)
        base = _given(rest, "base_values")
        scores = scores if base is None else scores + np.asarray(base, dtype=np.float64)
        return (transformed(scores, post_transform).astype(_real_of(x)),)


def _real_of(x: np.ndarray) -> Any:
    return np.float64 if x.dtype == np.float64 else np.float32


@implements("TreeEnsembleClassifier", domain=ML)
class TreeEnsembleClassifier(Operator):
    """Outputs labels and scores. Two classes of which one has votes: as ONNX Runtime decides them."""

    def _run(
        self,
        x: Any,
        classlabels_int64s: Any = None,
        classlabels_strings: Any = None,
        post_transform: str = "NONE",
        **rest: Any,
    ) -> tuple[Any, ...]:
        labels = np.array(classlabels_int64s or classlabels_strings)
        forest = _Forest(rest, "class", max(len(labels), max(rest["class_ids"]) + 1))
        scores = forest.totals(forest.leaves(x))
        base = _given(rest, "base_values")
        voted = set(rest["class_ids"])
        if len(labels) == 2 and len(voted) == 1:
            score = scores[:, min(voted)]
            if base is not None:
                score = score + np.ravel(base)[-1]
            positive = min(_given(rest, "class_weights")) >= 0
            chosen = score > (0.5 if positive else 0)
            plain = positive and post_transform in ("NONE", "PROBIT")
            scores = np.stack([1 - score if plain else -score, score], axis=1)
            return labels[chosen.astype(int)], transformed(scores, post_transform).astype(
                _real_of(x)
            )
        scores = scores if base is None else scores + np.asarray(base, dtype=np.float64)
        return labels[scores.argmax(axis=1)], transformed(scores, post_transform).astype(
            _real_of(x)
        )


@implements("Normalizer", domain=ML)
class Normalizer(Operator):
    """Rows divided by their max, sum of magnitudes or 2-norm; a norm of zero divides nothing."""

    def _run(self, x: Any, norm: str = "MAX") -> tuple[Any, ...]:
        if norm == "MAX":
            size = x.max(axis=-1, keepdims=True)
        elif norm == "L1":
            size = sums.total(np.abs(x), -1)
        else:
            size = np.sqrt(sums.total(x * x, -1))
        return ((x / np.where(size == 0, 1, size)).astype(_real_of(x)),)
