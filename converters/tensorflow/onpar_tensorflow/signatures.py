"""Signatures of SavedModels: which there are, and which one is meant."""

from __future__ import annotations

from typing import Any

from onpar_host.errors import WorkerError
from onpar_host.model import Model

DEFAULT = "serving_default"
"""tf.saved_model.DEFAULT_SERVING_SIGNATURE_DEF_KEY: what TensorFlow Serving calls unless told."""


def signature_names(loaded: Any) -> list[str]:
    """Sorted; those with underscores in front belong to TensorFlow itself."""
    return sorted(n for n in getattr(loaded, "signatures", {}) if not n.startswith("__"))


def choose_signature(loaded: Any, asked: str | None, model: Model) -> str:
    """The name that was asked for; without one `serving_default`, else the only one there is.

    Raises WorkerError `signature-missing` for a model without any, `signature-unknown` for a name
    it does not have or, without a name, where several could be meant. Both list what there is.
    """
    names = signature_names(loaded)
    if not names:
        functions = _functions(loaded)
        has = f"; it has the functions {', '.join(functions)}" if functions else ""
        raise WorkerError(
            "signature-missing",
            f"{model.shown} has no signatures, so nothing in it can be called by name{has}",
            fix="save it with one: tf.saved_model.save(module, folder, "
            'signatures={"serving_default": module.f.get_concrete_function(...)})',
        )
    if asked is None and (DEFAULT in names or len(names) == 1):
        return DEFAULT if DEFAULT in names else names[0]
    if asked is None:
        raise WorkerError(
            "signature-unknown",
            f"{model.shown} has several signatures and no {DEFAULT}: {', '.join(names)}",
            fix="name one of them with the option signature",
        )
    if asked not in names:
        raise WorkerError(
            "signature-unknown",
            f"{model.shown} has no signature {asked}; it has {', '.join(names)}",
            fix="name one of them with the option signature",
        )
    return asked


def _functions(loaded: Any) -> list[str]:
    named = vars(loaded).items()
    return sorted(name for name, value in named if getattr(value, "concrete_functions", None))
