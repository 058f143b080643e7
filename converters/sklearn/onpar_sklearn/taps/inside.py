"""What an estimator computes on the way to its answer, where scikit-learn lets one see it.

Levels of (name, function of the features): what stands in one level depends on all of the level before.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

Inside = list[list[tuple[str, Callable[[Any], Any]]]]


def inside(estimator: Any) -> Inside:
    """Empty where nothing is known of the class."""
    for knows, give in _KINDS:
        if knows(estimator):
            return [*give(estimator), *_scores(estimator)]
    return _scores(estimator)


def _scores(estimator: Any) -> Inside:
    """Scores before they become probabilities or a class."""
    if hasattr(estimator, "decision_function") and hasattr(estimator, "predict"):
        return [[("decision_function", estimator.decision_function)]]
    return []


def _is_forest(estimator: Any) -> bool:
    name = type(estimator).__name__
    return name.startswith(("RandomForest", "ExtraTrees")) and hasattr(estimator, "estimators_")


def _forest(estimator: Any) -> Inside:
    def trees(features: Any) -> Any:
        # Trees of a forest are fitted without names of columns, on float32.
        rows = np.asarray(features, dtype=np.float32)
        each = [
            tree.predict_proba(rows) if hasattr(tree, "classes_") else tree.predict(rows)
            for tree in estimator.estimators_
        ]
        # Several targets: a matrix each, of as many columns as the target has classes.
        return np.stack([np.hstack(one) if isinstance(one, list) else one for one in each])

    return [[("trees", trees)]]


def _is_boosted(estimator: Any) -> bool:
    return type(estimator).__name__.startswith("GradientBoosting") and hasattr(
        estimator, "estimators_"
    )


def _boosted(estimator: Any) -> Inside:
    def trees(features: Any) -> Any:
        rows = np.asarray(features, dtype=np.float32)
        return np.stack([tree.predict(rows) for tree in estimator.estimators_.ravel()])

    return [[("trees", trees)]]


def _is_perceptron(estimator: Any) -> bool:
    return all(hasattr(estimator, name) for name in ("coefs_", "intercepts_", "out_activation_"))


def _perceptron(estimator: Any) -> Inside:
    from sklearn.neural_network._base import ACTIVATIONS

    def up_to(layer: int, activated: bool) -> Callable[[Any], Any]:
        def compute(features: Any) -> Any:
            value = features.toarray() if hasattr(features, "toarray") else np.asarray(features)
            for place in range(layer + 1):
                value = value @ estimator.coefs_[place] + estimator.intercepts_[place]
                if place < layer or activated:
                    ACTIVATIONS[estimator.activation](value)
            return value

        return compute

    hidden = len(estimator.coefs_) - 1
    found: Inside = []
    for layer in range(hidden):
        found.append([(f"layer{layer}", up_to(layer, False))])
        found.append([(f"layer{layer}.{estimator.activation}", up_to(layer, True))])
    return [*found, [(f"layer{hidden}", up_to(hidden, False))]]


def _neighbours(estimator: Any) -> Inside:
    def distances(features: Any) -> Any:
        return estimator.kneighbors(features)[0]

    def indices(features: Any) -> Any:
        return estimator.kneighbors(features)[1]

    return [[("distances", distances), ("neighbours", indices)]]


def _voters(estimator: Any) -> Inside:
    def voter(each: Any) -> Callable[[Any], Any]:
        return each.predict_proba if hasattr(each, "predict_proba") else each.predict

    names = [name for name, each in estimator.estimators if not isinstance(each, str)]
    return [[(n, voter(e)) for n, e in zip(names, estimator.estimators_, strict=True)]]


def _is_voting(estimator: Any) -> bool:
    return type(estimator).__name__.startswith("Voting")


def _is_tfidf(estimator: Any) -> bool:
    return hasattr(estimator, "_tfidf") and hasattr(estimator, "build_analyzer")


def _tfidf(estimator: Any) -> Inside:
    from sklearn.feature_extraction.text import CountVectorizer

    return [[("counts", lambda texts: CountVectorizer.transform(estimator, texts))]]


def _is_tree(estimator: Any) -> bool:
    return hasattr(estimator, "tree_") and hasattr(estimator, "apply")


_KINDS: list[tuple[Callable[[Any], bool], Callable[[Any], Inside]]] = [
    (_is_forest, _forest),
    (_is_boosted, _boosted),
    (_is_perceptron, _perceptron),
    (_is_voting, _voters),
    (_is_tfidf, _tfidf),
    (_is_tree, lambda estimator: [[("leaf", estimator.apply)]]),
    (lambda e: hasattr(e, "kneighbors") and hasattr(e, "predict"), _neighbours),
    (
        lambda e: hasattr(e, "predict_joint_log_proba"),
        lambda e: [[("joint_log_proba", e.predict_joint_log_proba)]],
    ),
]
