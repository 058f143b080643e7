"""Teaches skl2onnx the estimators of XGBoost and LightGBM, with onnxmltools' converters."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

from onpar_host.packages import require

_ZIPMAP = {"nocl": [True, False], "zipmap": [True, False, "columns"]}


def prepared(estimator: Any) -> Any:
    """The estimator as skl2onnx can read it; one without boosters comes back as it is.

    A booster fitted on named columns is copied without the names: onnxmltools reads only XGBoost's
    own `f0`, `f1` …, and trees choose features by position. Raises WorkerError `package-missing`
    when there is a booster and no onnxmltools.
    """
    libraries = {library for part in _parts(estimator) if (library := _library(part))}
    if not libraries:
        return estimator
    require("onnxmltools")
    if "lightgbm" in libraries:
        _register_lightgbm()
    if "xgboost" in libraries:
        _register_xgboost()
        return _without_names(estimator)
    return estimator


def _library(part: Any) -> str | None:
    """`xgboost` or `lightgbm` for a part of one of them (a subclass of their estimators too)."""
    for kind in type(part).__mro__:
        top = kind.__module__.partition(".")[0]
        if top in ("xgboost", "lightgbm"):
            return top
    return None


def _parts(estimator: Any) -> Iterator[Any]:
    """The estimator and every estimator among its parameters and fitted attributes."""
    seen: set[int] = set()
    waiting = [estimator]
    while waiting:
        part = waiting.pop()
        if id(part) in seen or isinstance(part, (str, bytes, int, float, type)):
            continue
        seen.add(id(part))
        if isinstance(part, (list, tuple)):
            waiting.extend(part)
        elif isinstance(part, dict):
            waiting.extend(part.values())
        elif hasattr(part, "get_params"):
            yield part
            waiting.extend(vars(part).values())


def _without_names(estimator: Any) -> Any:
    named = any(_library(part) == "xgboost" and _names(part) for part in _parts(estimator))
    if not named:
        return estimator
    made = copy.deepcopy(estimator)
    for part in _parts(made):
        if _library(part) == "xgboost":
            part.get_booster().feature_names = None
    return made


def _names(part: Any) -> Any:
    return part.get_booster().feature_names


def _register_lightgbm() -> None:
    """Raises ImportError where the library that made the estimator is not there."""
    import lightgbm
    from onnxmltools.convert.lightgbm.operator_converters.LightGbm import convert_lightgbm
    from skl2onnx import update_registered_converter
    from skl2onnx.common import shape_calculator as shapes

    classes = shapes.calculate_linear_classifier_output_shapes
    values = shapes.calculate_linear_regressor_output_shapes
    update_registered_converter(
        lightgbm.LGBMClassifier,
        "LightGbmLGBMClassifier",
        classes,
        convert_lightgbm,
        options=_ZIPMAP,
    )
    for kind in (lightgbm.LGBMRegressor, lightgbm.LGBMRanker):
        update_registered_converter(kind, f"LightGbm{kind.__name__}", values, convert_lightgbm)


def _register_xgboost() -> None:
    """Raises ImportError where the library that made the estimator is not there."""
    import xgboost
    from onnxmltools.convert.xgboost.operator_converters.XGBoost import convert_xgboost
    from skl2onnx import update_registered_converter
    from skl2onnx.common import shape_calculator as shapes

    classes = shapes.calculate_linear_classifier_output_shapes
    values = shapes.calculate_linear_regressor_output_shapes
    for kind in (xgboost.XGBClassifier, xgboost.XGBRFClassifier):
        update_registered_converter(
            kind, f"XGBoost{kind.__name__}", classes, convert_xgboost, options=_ZIPMAP
        )
    # A ranker's scores are the sum of its leaves, as a regressor's are.
    for kind in (xgboost.XGBRegressor, xgboost.XGBRFRegressor, xgboost.XGBRanker):
        update_registered_converter(kind, f"XGBoost{kind.__name__}", values, convert_xgboost)
