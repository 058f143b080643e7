"""What an estimator learnt, moved by one rounding step."""

from __future__ import annotations

import copy
from collections.abc import Callable
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any

import numpy as np
from onpar_host.perturbing import ROUNDOFF, generator, moved
from onpar_host.variant import Perturb

Move = Callable[[np.ndarray, str], np.ndarray]


def perturbed(estimator: Any, asked: Perturb) -> Any:
    """A moved deep copy; the estimator itself may be shared and stays.

    Fitted float arrays and numbers of every size move: an estimator has no epsilons among them, and
    three coefficients are a whole linear model. `float32` is the step of their ONNX form. Names are
    the attributes' paths, so that moves do not depend on the order of attributes.
    """
    made = copy.deepcopy(estimator)

    def move(array: np.ndarray, name: str) -> np.ndarray:
        axis = 0 if array.ndim > 1 else None
        return moved(array, asked.step, generator(asked.seed, name), axis)

    _Walk(move).value(made, "")
    return made


class _Walk:
    """Depth first through fitted attributes and containers; whatever is shared is moved once."""

    def __init__(self, move: Move) -> None:
        self._move = move
        # Name and object: the object is kept, so that its id is not given to another.
        self._done: dict[int, tuple[Any, Any]] = {}

    def value(self, value: Any, name: str) -> Any:
        """The moved value: arrays are replaced, objects and containers changed in place."""
        if not _has_identity(value):
            return self._number(value, name)
        if id(value) in self._done:
            return self._done[id(value)][1]
        self._done[id(value)] = (value, value)
        after = self._changed(value, name)
        self._done[id(value)] = (value, after)
        return after

    def _number(self, value: Any, name: str) -> Any:
        if isinstance(value, (float, np.floating)) and type(value).__name__ != "longdouble":
            return type(value)(self._move(np.asarray(value), name))
        return value

    def _changed(self, value: Any, name: str) -> Any:
        if isinstance(value, np.ndarray):
            return self._array(value, name)
        if isinstance(value, list):
            value[:] = [self.value(item, f"{name}.{i}") for i, item in enumerate(value)]
        elif type(value) is tuple:
            return tuple(self.value(item, f"{name}.{i}") for i, item in enumerate(value))
        elif isinstance(value, dict):
            for key in list(value):
                value[key] = self.value(value[key], f"{name}.{key}")
        elif _is_tree(value):
            self._tree(value, name)
        elif _is_sparse(value):
            value.data = self._array(value.data, name)
        elif hasattr(value, "__dict__") and not isinstance(value, _CODE):
            self._object(value, name)
        return value

    def _array(self, array: np.ndarray, name: str) -> np.ndarray:
        if array.dtype == object:
            for index in np.ndindex(array.shape):
                array[index] = self.value(array[index], f"{name}.{'.'.join(map(str, index))}")
            return array
        if array.dtype.names:
            return self._records(array, name)
        return self._move(array, name) if array.dtype.name in ROUNDOFF else array

    def _records(self, array: np.ndarray, name: str) -> np.ndarray:
        # The nodes of a histogram-based booster: thresholds and leaves are fields of float type.
        after = array.copy()
        for field in ("num_threshold", "value"):
            if field in (array.dtype.names or ()):
                after[field] = self._move(np.ascontiguousarray(array[field]), f"{name}.{field}")
        return after

    def _tree(self, tree: Any, name: str) -> None:
        # A Cython object without settable attributes: its arrays are views that can be written.
        inner = tree.children_left >= 0
        thresholds = self._move(np.ascontiguousarray(tree.threshold), f"{name}.threshold")
        tree.threshold[inner] = thresholds[inner]
        tree.value[...] = self._move(np.ascontiguousarray(tree.value), f"{name}.value")

    def _object(self, value: Any, name: str) -> None:
        for key in sorted(vars(value)):
            if _is_learnt(value, key):
                setattr(value, key, self.value(vars(value)[key], f"{name}.{key}"))
        _rebuild(value)


def _is_learnt(owner: Any, key: str) -> bool:
    """scikit-learn's convention: what fit() found ends in an underscore; parameters do not.

    Helpers without that convention (calibrators, node arrays, losses' links) are walked through
    where they hold other objects, and their arrays are learnt too.
    """
    if key in DESCRIPTIONS:
        return False
    if key.endswith("_") and not key.startswith("__"):
        return True
    if not hasattr(owner, "get_params"):
        return not key.startswith("__")
    return key in _HOLDERS or key in _UNDERSCORED


def _rebuild(owner: Any) -> None:
    """What an estimator derives from its moved arrays and keeps in a form of its own."""
    tree = getattr(owner, "_tree", None)
    if tree is not None and hasattr(owner, "_fit_X") and hasattr(owner, "effective_metric_"):
        metric = {"metric": owner.effective_metric_, **(owner.effective_metric_params_ or {})}
        owner._tree = type(tree)(owner._fit_X, owner.leaf_size, **metric)
    if hasattr(owner, "X_thresholds_") and hasattr(owner, "_build_f"):
        # Isotonic regression interpolates, which needs its knots in order and its ends among them.
        owner.X_thresholds_ = np.maximum.accumulate(owner.X_thresholds_)
        owner.X_min_, owner.X_max_ = owner.X_thresholds_[0], owner.X_thresholds_[-1]
        owner._build_f(owner.X_thresholds_, owner.y_thresholds_)


_CODE = (type, ModuleType, FunctionType, BuiltinFunctionType, MethodType)

_HOLDERS = frozenset({"steps", "transformer_list", "estimator"})
"""Parameters of compositions that hold the fitted parts themselves (Pipeline, FeatureUnion, Frozen…)."""

_UNDERSCORED = frozenset(
    {"_predictors", "_baseline_prediction", "_fit_X", "_intercept_", "_probA", "_probB"}
    | {"_dual_coef_", "_scaler", "_y"}
)
"""Private attributes of estimators that prediction computes with."""

DESCRIPTIONS = frozenset(
    [
        "classes_",
        "categories_",
        "feature_names_in_",
        "n_features_in_",
        "loss_",
        "best_loss_",
        "loss_curve_",
        "train_score_",
        "validation_score_",
        "validation_scores_",
        "oob_score_",
        "oob_improvement_",
        "cv_results_",
        "best_score_",
        "scores_",
        "pvalues_",
        "inertia_",
        "lower_bound_",
        "lower_bounds_",
        "feature_importances_",
        "t_",
        "n_iter_",
        "alphas_",
        "mse_path_",
        "f_",
        "X_min_",
        "X_max_",
        "rng_",
        "random_state_",
        "_rng",
        "_random_generator_",
    ]
)
"""What fit() reports about itself; classes and categories are values that are looked up."""


def _has_identity(value: Any) -> bool:
    return not isinstance(value, (str, bytes, int, float, complex, bool, type(None), np.generic))


def _is_tree(value: Any) -> bool:
    return all(hasattr(value, name) for name in ("children_left", "threshold", "value"))


def _is_sparse(value: Any) -> bool:
    return hasattr(value, "tocsr") and hasattr(value, "data")
