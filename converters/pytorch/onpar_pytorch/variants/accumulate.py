"""Every sum off by its a-priori bound: what summing in another order may do at most."""

from __future__ import annotations

from typing import Any

from onpar_host.packages import require
from onpar_host.perturbing import ROUNDOFF
from onpar_host.summing import bound_of_sum
from onpar_host.variant import Accumulate
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_map

from .operators import functional, is_view, writes_to
from .sums import DECOMPOSED, EXACT, TERMS

UNIT = ROUNDOFF["float32"]


class Accumulating(TorchDispatchMode):
    """Adds `bound_of_sum` to each sum, for a module that runs in float64.

    Σ|terms| is the same operator on absolute values. Operators that sum inside (softmax, norms) are
    taken apart first; recurrent layers and attention reach this mode in parts. Other float
    operators that round are off by 2 * u * |y|; Fourier transforms and solvers count among these,
    which is too little for them. What only chooses or moves values is exact.
    """

    def __init__(self, asked: Accumulate) -> None:
        super().__init__()
        torch = require("torch")
        self._sign = asked.sign
        self._random = torch.Generator().manual_seed(asked.seed % 2**63)
        self._decompositions = torch._decomp.decomposition_table

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        kwargs = kwargs or {}
        name = func._schema.name.partition("::")[2]
        if is_view(func) or name.removesuffix("_") in EXACT:
            return func(*args, **kwargs)
        plain = functional(func)
        if plain is not None:
            # In place: the same arithmetic on a copy, then written back into the same memory.
            return args[0].copy_(self._computed(plain, args, kwargs))
        return self._computed(func, args, kwargs)

    def _computed(self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        name = func._schema.name.partition("::")[2]
        if name in DECOMPOSED and func in self._decompositions:
            with self:
                return self._decompositions[func](*args, **kwargs)
        result = func(*args, **kwargs)
        if name in TERMS and _is_float(result):
            return self._off(result, self._bound_of_sum(func, name, args, kwargs, result))
        written = writes_to(func, args, kwargs)

        def rounded(item: Any) -> Any:
            if not _is_float(item):
                return item
            off = self._off(item, 2 * UNIT * item.abs())
            return item.copy_(off) if id(item) in written else off

        return tree_map(rounded, result)

    def _bound_of_sum(
        self, func: Any, name: str, args: tuple[Any, ...], kwargs: dict[str, Any], result: Any
    ) -> Any:
        sizes = tuple(_absolute(item) for item in args)
        # `beta` and `alpha` of addmm and its kin; other keywords are dtypes.
        options = {
            key: abs(value) if key in ("alpha", "beta") else _absolute(value)
            for key, value in kwargs.items()
        }
        if writes_to(func, args, kwargs):
            return 2 * UNIT * result.abs()
        terms = TERMS[name](args, result)
        bound = bound_of_sum(terms, func(*sizes, **options), result)
        return bound + (UNIT * result.abs() if name == "mean" else 0)

    def _off(self, result: Any, bound: Any) -> Any:
        torch = require("torch")
        bound = torch.where(torch.isfinite(bound), bound, torch.zeros_like(bound))
        if self._sign == "random":
            draw = torch.randint(0, 2, tuple(result.shape), generator=self._random)
            return result + bound * (2.0 * draw - 1.0)
        return result + bound if self._sign == "up" else result - bound


def _is_float(value: Any) -> bool:
    torch = require("torch")
    return isinstance(value, torch.Tensor) and value.is_floating_point()


def _absolute(value: Any) -> Any:
    return value.abs() if _is_float(value) else value
