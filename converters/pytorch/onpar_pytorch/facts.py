"""What a module says about itself."""

from __future__ import annotations

import inspect
from collections import Counter
from typing import Any

from onpar_host.packages import require

from .forward import forward_parameters, parameter_names


def module_facts(module: Any) -> dict[str, Any]:
    """`{forwardParameters, parameters, parameterDtypes, training?}`."""
    weights = list(module.parameters())
    facts: dict[str, Any] = {
        "forwardParameters": parameter_names(forward_parameters(module)),
        "parameters": sum(p.numel() for p in weights),
        "parameterDtypes": sorted({dtype_name(p.dtype) for p in weights}),
        "trainingMode": bool(module.training),
    }
    training = training_modules(module)
    return {**facts, "training": training} if training else facts


def dtype_name(dtype: Any) -> str:
    """`float32` for `torch.float32`."""
    return str(dtype).removeprefix("torch.")


def precision(module: Any) -> str:
    """The dtype that most float weights have; float32 for a model without any."""
    count: Counter[str] = Counter()
    for weight in module.parameters():
        if weight.is_floating_point():
            count[dtype_name(weight.dtype)] += weight.numel()
    return count.most_common(1)[0][0] if count else "float32"


def training_modules(module: Any) -> list[str]:
    """Names of modules in training mode that answer differently for it.

    A Linear in training mode is the same function, and nobody calls eval() on a plain MLP; so only
    dropout, batch statistics, noisy activations and modules whose own code asks for `training` count.
    """
    return [
        name or type(part).__name__
        for name, part in module.named_modules()
        if part.training and _depends_on_training(part)
    ]


def _depends_on_training(part: Any) -> bool:
    nn = require("torch").nn
    if isinstance(part, nn.modules.dropout._DropoutNd):
        return part.p > 0
    if isinstance(part, (nn.modules.batchnorm._NormBase,)):
        return bool(part.track_running_stats)
    if isinstance(part, (nn.RNNBase, nn.MultiheadAttention)):
        return getattr(part, "dropout", 0) > 0
    if isinstance(part, nn.RReLU):
        return True
    kind = type(part)
    if kind.__module__.startswith("torch.nn."):
        return False
    return _mentions_training(kind)


def _mentions_training(kind: type) -> bool:
    try:
        source = inspect.getsource(kind)
    except (OSError, TypeError):
        # Without the source nobody can say that the mode is harmless.
        return True
    return "training" in source or "dropout" in source
