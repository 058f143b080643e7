"""What an estimator answers, named as skl2onnx names it where that makes sense."""

from __future__ import annotations

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
        return {LABEL: label, **_probabilities(estimator, features)}
    if is_outlier_detector(estimator):
        return {LABEL: _column(label), SCORES: _column(estimator.decision_function(features))}
    if is_clusterer(estimator):
        far = {SCORES: estimator.transform(features)} if hasattr(estimator, "transform") else {}
        return {LABEL: label, **far}
    return {OUTPUT: _column(label)}


def output_names(estimator: Any) -> list[str]:
    """Names of what `answer` gives, in its order, without asking."""
    from sklearn.base import is_classifier, is_clusterer, is_outlier_detector

    if not hasattr(last_step(estimator), "predict"):
        return [OUTPUT]
    if is_classifier(estimator):
        scored = hasattr(estimator, "predict_proba") or hasattr(estimator, "decision_function")
        return [LABEL, PROBABILITIES] if scored else [LABEL]
    if is_outlier_detector(estimator):
        return [LABEL, SCORES]
    if is_clusterer(estimator):
        return [LABEL, SCORES] if hasattr(estimator, "transform") else [LABEL]
    return [OUTPUT]


def _probabilities(estimator: Any, features: Any) -> dict[str, Any]:
    """predict_proba, else decision_function, else nothing."""
    if hasattr(estimator, "predict_proba"):
        found = estimator.predict_proba(features)
        if not isinstance(found, list):
            return {PROBABILITIES: found}
        # Several targets: one matrix each, stacked as skl2onnx does, with zeros for classes that
        # only other targets have.
        most = max(matrix.shape[1] for matrix in found)
        padded = [np.pad(matrix, ((0, 0), (0, most - matrix.shape[1]))) for matrix in found]
        return {PROBABILITIES: np.stack(padded)}
    if not hasattr(estimator, "decision_function"):
        return {}
    scores = np.asarray(estimator.decision_function(features))
    if scores.ndim == 1 and is_svm(estimator):
        return {PROBABILITIES: np.column_stack([-scores, scores])}
    return {PROBABILITIES: _column(scores)}


def is_svm(estimator: Any) -> bool:
    """SVC and NuSVC, for which ONNX has an operator that scores both of two classes."""
    return hasattr(last_step(estimator), "support_vectors_")


def last_step(estimator: Any) -> Any:
    """The estimator that a pipeline ends with."""
    return estimator.steps[-1][1] if hasattr(estimator, "steps") else estimator


def label_is_argmax(estimator: Any) -> bool:
    """Whether the label is the class with the highest probability, so that ties can be told.

    SVC's probabilities come from a model of their own and need not agree with its labels.
    """
    classes = getattr(estimator, "classes_", None)
    single = classes is not None and not isinstance(classes, list)
    return single and hasattr(estimator, "predict_proba") and not is_svm(estimator)


def _dense(values: Any) -> Any:
    return values.toarray() if hasattr(values, "toarray") else np.asarray(values)


def _column(values: Any) -> np.ndarray:
    # skl2onnx gives single targets a column axis; the same shape on both sides can be compared.
    array = np.asarray(values)
    return array.reshape(-1, 1) if array.ndim == 1 else array
