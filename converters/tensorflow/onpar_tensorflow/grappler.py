"""TensorFlow's graph optimiser, which can be switched off to see what it does to a model."""

from __future__ import annotations

from onpar_host.packages import require


def set_grappler(on: bool) -> None:
    """Holds for functions that are called afterwards, in the whole process."""
    optimizer = require("tensorflow").config.optimizer
    if optimizer.get_experimental_options().get("disable_meta_optimizer", False) == on:
        optimizer.set_experimental_options({"disable_meta_optimizer": not on})
