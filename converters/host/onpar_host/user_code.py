"""Importing the user's Python file and calling the function in it that makes the model."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import os
import random
import re
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np

from .errors import WorkerError, describe_exception, failure_of
from .local_modules import FreshSourceLoader, forget_local_modules, importable
from .model import Model, import_root
from .tracebacks import shown_path, trimmed_traceback, user_location


def seed_everything() -> None:
    """A model that is initialised at random must be the same in every process."""
    random.seed(0)
    np.random.seed(0)


def import_model_file(model: Model) -> ModuleType:
    """The user's Python file as a fresh module; its local imports are read again too.

    Raises WorkerError `model-code-failed` or `package-missing`.
    """
    forget_local_modules([model.root, import_root(model.path)])
    inside = os.path.relpath(model.path, import_root(model.path))
    name = os.path.splitext(inside)[0].replace(os.sep, ".")
    if not all(part.isidentifier() for part in name.split(".")) or _taken(name):
        name = "onpar_model_" + re.sub(r"\W", "_", name)
    with importable(model.import_folders):
        try:
            return _import_as(name, model.path)
        except (Exception, SystemExit) as error:
            raise user_code_error(error, model, "importing it") from error


def _taken(name: str) -> bool:
    top = name.partition(".")[0]
    return top in sys.stdlib_module_names or name in sys.modules


def _import_as(name: str, path: str) -> ModuleType:
    if "." in name:
        importlib.import_module(name.rpartition(".")[0])
    spec = importlib.util.spec_from_file_location(name, path, loader=FreshSourceLoader(name, path))
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} cannot be imported")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def find_callable(module: ModuleType, model: Model) -> Any:
    """The named object of the file. Raises WorkerError `callable-missing`, listing what there is."""
    name = model.callable or "build"
    found: Any = module
    for part in name.split("."):
        found = getattr(found, part, None)
    if found is not None:
        return found
    own = [
        key
        for key, value in vars(module).items()
        if callable(value)
        and not key.startswith("_")
        and getattr(value, "__module__", None) == module.__name__
    ]
    shown = shown_path(model.path, model.root)
    raise WorkerError(
        "callable-missing",
        f"{shown} has no {name}; it has {', '.join(sorted(own)) or 'no functions'}",
        fix=f"name one of them: {shown}:{own[0]}" if own else f"define {name}() in {shown}",
    )


def call_model_code(function: Callable[[], Any], model: Model, doing: str) -> Any:
    """Runs code of the user's with the import folders on sys.path.

    Raises WorkerError `model-code-failed`, with the traceback from the user's frames on.
    """
    with importable(model.import_folders):
        try:
            return function()
        except (Exception, SystemExit) as error:
            raise user_code_error(error, model, doing) from error


def build_model(
    model: Model, is_model: Callable[[Any], bool], wanted: str
) -> tuple[Any, ModuleType]:
    """Imports the file and calls its function; a ready object is taken as it is.

    `wanted` says in words what must come back ("a torch.nn.Module").
    Raises WorkerError `model-not-returned` naming the type that came instead.
    """
    module = import_model_file(model)
    found = find_callable(module, model)
    if is_model(found):
        return found, module
    if not callable(found):
        raise _not_returned(model, f"is a {type(found).__name__}", wanted)
    _refuse_parameters(found, model)
    made = call_model_code(found, model, f"{model.callable or 'build'}()")
    if not is_model(made):
        raise _not_returned(model, f"returned {_type_name(made)}", wanted)
    return made, module


def _refuse_parameters(function: Callable[..., Any], model: Model) -> None:
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return
    variadic = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    needed = [p.name for p in parameters if p.default is p.empty and p.kind not in variadic]
    if needed:
        raise WorkerError(
            "model-code-failed",
            f"{model.shown} needs arguments ({', '.join(needed)}), but is called without any",
            fix="give them defaults, or name a function that needs none",
        )


def _type_name(value: Any) -> str:
    if value is None:
        return "None"
    kind = type(value)
    return (
        kind.__qualname__
        if kind.__module__ == "builtins"
        else f"{kind.__module__}.{kind.__qualname__}"
    )


def _not_returned(model: Model, what: str, wanted: str) -> WorkerError:
    return WorkerError(
        "model-not-returned",
        f"{model.shown} {what}, not {wanted}",
        fix=f"return {wanted}",
    )


def user_code_error(error: BaseException, model: Model, doing: str) -> WorkerError:
    """`model-code-failed`; or `package-missing` when an import of the user's found nothing."""
    if isinstance(error, WorkerError):
        return error
    shown = shown_path(model.path, model.root)
    if isinstance(error, ModuleNotFoundError) and error.name:
        package = error.name.partition(".")[0]
        return WorkerError(
            "package-missing",
            f"{user_location(error, model.root) or shown} imports {error.name}, "
            "which this environment lacks",
            fix=f"pip install {package} (into {sys.prefix}), or put {package}.py beside {shown}",
            detail=trimmed_traceback(error, model.root),
        )
    where = user_location(error, model.root)
    place = f" at {where}" if where else ""
    failure = failure_of(error, "model-code-failed", shown, model.root)
    failure.message = f"{shown}: {doing} raised {describe_exception(error, model.root)}{place}"
    return failure
