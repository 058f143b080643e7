"""A fitted estimator from a joblib, pickle or skops file, or from the user's Python file."""

from __future__ import annotations

import pickle
import warnings
import zipfile
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from onpar_host.errors import WorkerError, failure_of
from onpar_host.local_modules import importable
from onpar_host.model import Model
from onpar_host.packages import require
from onpar_host.user_code import build_model, user_code_error

from .skops_file import load_skops


@dataclass(frozen=True)
class Loaded:
    """`trained_with`: the scikit-learn that wrote the file, where it is another than this one."""

    estimator: Any
    source: ModuleType | None
    trained_with: str | None


def load_estimator(model: Model) -> Loaded:
    """Raises WorkerError: `trust-required` for a pickle, or for a skops file with types that skops
    does not know, without trust; `model-load-failed`,
    `model-not-returned`, and the codes of the user's own code."""
    require("sklearn")
    if model.is_python:
        made, source = build_model(model, _is_estimator, "a fitted scikit-learn estimator")
        loaded = Loaded(made, source, None)
    else:
        loaded = _from_file(model)
    _require_fitted(loaded.estimator, model)
    return loaded


def _is_estimator(value: Any) -> bool:
    # A class has the methods too, but is there to be called. A plain Booster has `predict`, but
    # takes a library's own matrix.
    if isinstance(value, type) or type(value).__name__ == "Booster":
        return False
    return any(hasattr(value, method) for method in ("predict", "transform"))


def _from_file(model: Model) -> Loaded:
    from sklearn.exceptions import InconsistentVersionWarning

    read = load_skops if zipfile.is_zipfile(model.path) else _unpickle
    with warnings.catch_warnings(record=True) as caught, importable(model.import_folders):
        warnings.simplefilter("always")
        made = read(model)
    if not _is_estimator(made):
        raise WorkerError(
            "model-not-returned",
            f"{model.shown} holds a {type(made).__name__}, not a scikit-learn estimator",
            fix=_INSTEAD.get(
                type(made).__module__.partition(".")[0], "dump the fitted estimator itself"
            ),
        )
    versions = [
        w.message.original_sklearn_version
        for w in caught
        if isinstance(w.message, InconsistentVersionWarning)
    ]
    return Loaded(made, None, versions[0] if versions else None)


_INSTEAD = {
    library: f"save the booster itself, save_model('model.{ending}'), and name that file as the source"
    for library, ending in (("xgboost", "ubj"), ("lightgbm", "txt"))
}


def _unpickle(model: Model) -> Any:
    model.require_trust("is a pickle")
    joblib = require("joblib")
    try:
        return joblib.load(model.path)
    except ModuleNotFoundError as error:
        raise user_code_error(error, model, "opening it") from error
    except Exception as error:
        kind = (
            "no pickle" if isinstance(error, (pickle.UnpicklingError, EOFError)) else "unreadable"
        )
        fix = "check that joblib.dump or pickle.dump wrote this file and that it is complete"
        about = f"{model.shown} is {kind}"
        raise failure_of(error, "model-load-failed", about, model.root, fix) from error


def _require_fitted(estimator: Any, model: Model) -> None:
    from sklearn.exceptions import NotFittedError
    from sklearn.utils.validation import check_is_fitted

    try:
        check_is_fitted(estimator)
    except NotFittedError as error:
        raise WorkerError(
            "model-load-failed",
            f"{model.shown} gives an estimator that is not fitted",
            fix="call fit() before you return or dump it",
        ) from error
    except TypeError:
        # Not scikit-learn's own kind of estimator: whether it is fitted shows when it runs.
        return
