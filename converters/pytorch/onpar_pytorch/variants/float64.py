"""A module in double precision: its weights, its inputs, and what its own code makes in between."""

from __future__ import annotations

from typing import Any

from onpar_host.errors import WorkerError
from onpar_host.packages import require
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_any, tree_map

from .operators import is_view, writes_to
from .tensors_of import held_tensors, replace_plain


def widen_module(module: Any) -> Any:
    """`module.double()`, and the same for tensors that are plain attributes."""
    replace_plain(module, widened)
    return module.double()


def has_double(module: Any) -> bool:
    """Whether a module is deployed in double precision already, at least in part."""
    torch = require("torch")
    return any(held.tensor.dtype == torch.float64 for held in held_tensors(module))


def widened(value: Any) -> Any:
    """A float32, float16, bfloat16 or complex64 tensor in double precision; all else as it is."""
    torch = require("torch")
    if isinstance(value, torch.Tensor) and value.dtype in _wider():
        return value.to(_wider()[value.dtype])
    return value


def _wider() -> dict[Any, Any]:
    torch = require("torch")
    return {
        torch.float32: torch.float64,
        torch.float16: torch.float64,
        torch.bfloat16: torch.float64,
        torch.complex64: torch.complex128,
        torch.complex32: torch.complex128,
    }


class Widening(TorchDispatchMode):
    """Every operator computes in float64, whatever dtypes the user's code names.

    What a model makes for itself (`torch.zeros(n, dtype=torch.float32)`, `torch.linspace`) and the
    Python numbers in its formulas keep the values that they have in float32: they are what is
    deployed and what an exporter writes, and they must not differ between original and converted
    model by half an ulp that all elements share. `.float()`, `.half()` and `.to(dtype)` on the way
    keep double precision.
    """

    def __init__(self, round_numbers: bool) -> None:
        """`round_numbers`: the deployed model takes Python's floats as float32."""
        super().__init__()
        self._round = _as_float32 if round_numbers else _as_it_is

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        torch = require("torch")
        kwargs = kwargs or {}
        aten = torch.ops.aten
        if func is aten.view.dtype:
            return _reinterpreted(func, args, kwargs)
        if func is aten.lift_fresh.default:
            return widened(func(*args, **kwargs))
        if is_view(func):
            # A widened copy would no longer share memory with what it views.
            return func(*args, **kwargs)
        if not tree_any(lambda item: isinstance(item, torch.Tensor), (args, kwargs)):
            return tree_map(widened, func(*args, **kwargs))
        written = writes_to(func, args, kwargs)

        def change(item: Any) -> Any:
            if isinstance(item, torch.Tensor):
                return item if id(item) in written else widened(item)
            if isinstance(item, torch.dtype):
                return _wider().get(item, item)
            return self._round(item) if type(item) is float else item

        args, kwargs = tree_map(change, args), tree_map(change, kwargs)
        # Integers become this type in `positions * 0.1`.
        default = torch.get_default_dtype()
        torch.set_default_dtype(torch.float64)
        try:
            result = func(*args, **kwargs)
        finally:
            torch.set_default_dtype(default)
        return result if written else tree_map(widened, result)


def _reinterpreted(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    if args[0].dtype.is_floating_point or args[1].is_floating_point:
        raise WorkerError(
            "variant-unsupported",
            f"the model reads the bits of a tensor as another type ({args[0].dtype} as {args[1]}), "
            "which has no meaning in double precision",
        )
    return func(*args, **kwargs)


def _as_float32(number: float) -> float:
    torch = require("torch")
    limits = torch.finfo(torch.float32)
    # Beyond float32 (finfo(float64).min as a mask, 1e-300) a number would turn infinite or zero.
    if not limits.tiny <= abs(number) <= limits.max:
        return number
    return float(torch.scalar_tensor(number, dtype=torch.float32).item())


def _as_it_is(number: float) -> float:
    return number
