"""LSTM, GRU and RNN over sums that can be off.

onnx's own ignore sequence_lens, activations (LSTM, GRU), clip and input_forget, and know of RNN's
activations Tanh and Affine alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .. import sums
from ..operator import Operator, implements

Activation = Callable[[np.ndarray], np.ndarray]
Step = Callable[[np.ndarray, tuple[np.ndarray, ...]], tuple[np.ndarray, ...]]


def _sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def _activation(name: str, alpha: float | None, beta: float | None) -> Activation:
    """ONNX's table of activations, with its defaults for alpha and beta. ValueError for other names."""

    def a(default: float) -> float:
        return default if alpha is None else alpha

    def b(default: float) -> float:
        return default if beta is None else beta

    table: dict[str, Activation] = {
        "sigmoid": _sigmoid,
        "tanh": np.tanh,
        "relu": lambda x: np.maximum(x, 0),
        "affine": lambda x: a(1.0) * x + b(0.0),
        "leakyrelu": lambda x: np.where(x >= 0, x, a(0.01) * x),
        "thresholdedrelu": lambda x: np.where(x > a(1.0), x, 0),
        "scaledtanh": lambda x: a(1.0) * np.tanh(b(1.0) * x),
        "hardsigmoid": lambda x: np.clip(a(0.2) * x + b(0.5), 0, 1),
        "elu": lambda x: np.where(x >= 0, x, a(1.0) * (np.exp(np.minimum(x, 0)) - 1)),
        "softsign": lambda x: x / (1 + np.abs(x)),
        "softplus": lambda x: np.logaddexp(0, x),
    }
    if name.lower() not in table:
        raise ValueError(f"activation {name} is not one of {', '.join(table)}")
    return table[name.lower()]


USES_ALPHA = frozenset(
    {"affine", "leakyrelu", "thresholdedrelu", "scaledtanh", "hardsigmoid", "elu"}
)
USES_BETA = frozenset({"affine", "scaledtanh", "hardsigmoid"})


def _activations(
    names: Sequence[str], alphas: Sequence[float] | None, betas: Sequence[float] | None
) -> list[Activation]:
    """alpha and beta go, in order, to the activations that take one (as ONNX Runtime hands them out)."""
    alpha, beta = iter(alphas or ()), iter(betas or ())
    return [
        _activation(
            name,
            next(alpha, None) if name.lower() in USES_ALPHA else None,
            next(beta, None) if name.lower() in USES_BETA else None,
        )
        for name in names
    ]


class _Recurrent(Operator):
    gates: int
    default_activations: tuple[str, ...]

    def _run(
        self,
        x: Any,
        w: Any,
        r: Any,
        b: Any = None,
        sequence_lens: Any = None,
        *more: Any,
        activation_alpha: Any = None,
        activation_beta: Any = None,
        activations: Any = None,
        clip: float | None = None,
        direction: str = "forward",
        hidden_size: int | None = None,
        layout: int = 0,
        **own: Any,
    ) -> tuple[Any, ...]:
        if layout:
            x = x.swapaxes(0, 1)
        steps, batch = x.shape[:2]
        directions, hidden = w.shape[0], r.shape[-1]
        lengths = np.full(batch, steps) if sequence_lens is None else sequence_lens.astype(int)
        b = np.zeros((directions, 2 * self.gates * hidden), x.dtype) if b is None else b
        states, extra = self.initial(more, (directions, batch, hidden), x.dtype, layout)
        names = list(activations or self.default_activations * directions)
        chosen = _activations(names, activation_alpha, activation_beta)
        each = len(chosen) // directions
        outputs, finals = [], []
        for d in range(directions):
            backward = direction == "reverse" or d == 1
            acts = chosen[d * each : (d + 1) * each]
            step = self.step(
                w[d], r[d], b[d], None if extra is None else extra[d], acts, _clipper(clip), own
            )
            y, final = _scan(x, lengths, tuple(s[d] for s in states), step, backward)
            outputs.append(y)
            finals.append(final)
        y = np.stack(outputs, axis=1)
        last = [np.stack(each) for each in zip(*finals, strict=True)]
        if layout:
            y = y.transpose(2, 0, 1, 3)
            last = [state.swapaxes(0, 1) for state in last]
        return tuple(value.astype(x.dtype) for value in (y, *last))[: self.outputs_wanted]

    def initial(
        self, more: Sequence[Any], shape: tuple[int, ...], dtype: np.dtype, layout: int
    ) -> tuple[list[np.ndarray], Any]:
        """Initial states [directions, batch, hidden], and what else the inputs hold (peepholes)."""
        return [_state(more, 0, shape, dtype, layout)], None

    def step(self, w: Any, r: Any, b: Any, extra: Any, acts: Any, clip: Any, own: Any) -> Step:
        raise NotImplementedError


def _state(more: Sequence[Any], at: int, shape: Any, dtype: Any, layout: int) -> np.ndarray:
    given = more[at] if len(more) > at else None
    if given is None:
        return np.zeros(shape, dtype)
    return given.swapaxes(0, 1) if layout else given


def _clipper(limit: float | None) -> Activation:
    return (lambda x: np.clip(x, -limit, limit)) if limit else (lambda x: x)


def _scan(
    x: np.ndarray,
    lengths: np.ndarray,
    states: tuple[np.ndarray, ...],
    step: Step,
    backward: bool,
) -> tuple[np.ndarray, tuple[np.ndarray, ...]]:
    """Each row runs for its own length, backwards from its own end; outputs beyond it are zero."""
    time = np.arange(x.shape[0])[:, None]
    alive = time < lengths
    order = (
        np.where(alive, lengths - 1 - time, time)
        if backward
        else np.broadcast_to(time, alive.shape)
    )
    rows = np.arange(x.shape[1])
    outputs = np.zeros((*x.shape[:2], states[0].shape[-1]), x.dtype)
    for t in range(x.shape[0]):
        now = alive[t][:, None]
        stepped = step(x[order[t], rows], states)
        states = tuple(np.where(now, a, b) for a, b in zip(stepped, states, strict=True))
        outputs[order[t], rows] = np.where(now, stepped[0], 0)
    return outputs, states


@implements("RNN")
class RNN(_Recurrent):
    """H = f(X W' + H R' + b)."""

    gates = 1
    default_activations = ("Tanh",)

    def step(self, w: Any, r: Any, b: Any, extra: Any, acts: Any, clip: Any, own: Any) -> Step:
        bias = sum(np.split(b, 2))

        def step(x: np.ndarray, states: tuple[np.ndarray, ...]) -> tuple[np.ndarray, ...]:
            return (acts[0](clip(sums.matmul(x, w.T) + sums.matmul(states[0], r.T) + bias)),)

        return step


@implements("GRU")
class GRU(_Recurrent):
    """Gates z, r, h in this order."""

    gates = 3
    default_activations = ("Sigmoid", "Tanh")

    def step(self, w: Any, r: Any, b: Any, extra: Any, acts: Any, clip: Any, own: Any) -> Step:
        n = r.shape[-1]
        wb, rb = np.split(b, 2)
        linear = bool(own.get("linear_before_reset"))
        f, g = acts[:2]

        def step(x: np.ndarray, states: tuple[np.ndarray, ...]) -> tuple[np.ndarray, ...]:
            (h,) = states
            gates = sums.matmul(x, w.T) + wb
            zr = f(clip(gates[:, : 2 * n] + sums.matmul(h, r[: 2 * n].T) + rb[: 2 * n]))
            z, reset = zr[:, :n], zr[:, n:]
            if linear:
                inner = reset * (sums.matmul(h, r[2 * n :].T) + rb[2 * n :])
            else:
                inner = sums.matmul(reset * h, r[2 * n :].T) + rb[2 * n :]
            new = g(clip(gates[:, 2 * n :] + inner))
            return ((1 - z) * new + z * h,)

        return step


@implements("LSTM")
class LSTM(_Recurrent):
    """Gates i, o, f, c in this order; peepholes i, o, f."""

    gates = 4
    default_activations = ("Sigmoid", "Tanh", "Tanh")

    def initial(
        self, more: Sequence[Any], shape: tuple[int, ...], dtype: np.dtype, layout: int
    ) -> tuple[list[np.ndarray], Any]:
        states = [_state(more, at, shape, dtype, layout) for at in (0, 1)]
        peepholes = more[2] if len(more) > 2 else None
        return states, (
            np.zeros((shape[0], 3 * shape[2]), dtype) if peepholes is None else peepholes
        )

    def step(self, w: Any, r: Any, b: Any, extra: Any, acts: Any, clip: Any, own: Any) -> Step:
        bias = sum(np.split(b, 2))
        p_i, p_o, p_f = np.split(extra, 3)
        f, g, h_of = acts[:3]
        coupled = bool(own.get("input_forget"))

        def step(x: np.ndarray, states: tuple[np.ndarray, ...]) -> tuple[np.ndarray, ...]:
            h, c = states
            gates = sums.matmul(x, w.T) + sums.matmul(h, r.T) + bias
            i, o, forget, cell = np.split(gates, 4, axis=-1)
            i = f(clip(i + p_i * c))
            forget = 1 - i if coupled else f(clip(forget + p_f * c))
            c = forget * c + i * g(clip(cell))
            o = f(clip(o + p_o * c))
            return o * h_of(c), c

        return step
