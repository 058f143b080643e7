"""What an estimator answers, named as skl2onnx names it where that makes sense."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

LABEL, PROBABILITIES, SCORES, OUTPUT = "label", "probabilities", "scores", "output"


def answer(estimator: Any, features: Any) -> dict[str, Any]:
    """Classifiers: `label`, `probabilities` (or decision values); outlier detectors and clusterers:
    `label`, `scores`; regressors and transformers: `output`, always with a column axis.
    """
    from sklearn.base import is_classifier, is_clusterer, is_outlier_detector

    if not hasattr(estimator, "predict"):
        return {OUTPUT: _dense(estimator.transform(features))}
    label = estimator.predict(features)
    if is_classifier(estimator):
        scores = scorer(estimator)
        found = {} if scores is None else {PROBABILITIES: _stacked(scores(features))}
        return {LABEL: label, **found}
    if is_outlier_detector(estimator):
        return {LABEL: label, SCORES: _column(estimator.decision_function(features))}
    if is_clusterer(estimator):
        far = {SCORES: estimator.transform(features)} if hasattr(estimator, "transform") else {}
        return {LABEL: label, **far}
    return {OUTPUT: _column(label)}


def scorer(estimator: Any) -> Callable[[Any], Any] | None:
    """predict_proba, else decision_function, else None."""
    for method in ("predict_proba", "decision_function"):
        if hasattr(estimator, method):
            return getattr(estimator, method)
    return None


def label_is_argmax(estimator: Any) -> bool:
    """Whether the label is the class with the highest probability, so that ties can be told.

    SVC's probabilities come from a model of their own and need not agree with its labels.
    """
    last = estimator.steps[-1][1] if hasattr(estimator, "steps") else estimator
    classes = getattr(estimator, "classes_", None)
    single = classes is not None and not isinstance(classes, list)
    from_svm = hasattr(last, "probability") or hasattr(last, "support_vectors_")
    return single and hasattr(estimator, "predict_proba") and not from_svm


def _dense(values: Any) -> Any:
    return values.toarray() if hasattr(values, "toarray") else np.asarray(values)


def _column(values: Any) -> np.ndarray:
    # skl2onnx gives single targets a column axis; the same shape on both sides can be compared.
    array = np.asarray(values)
    return array.reshape(-1, 1) if array.ndim == 1 else array


def _stacked(values: Any) -> np.ndarray:
    """Several targets come as a list with one matrix each."""
    return np.stack(values) if isinstance(values, list) else _column(values)
