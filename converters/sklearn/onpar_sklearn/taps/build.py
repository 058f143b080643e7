"""The plan of an estimator: pipelines, unions and column transformers taken apart."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from onpar_host.graph import OpNode

from ..outputs import answer, label_is_argmax, output_names
from .inside import inside
from .learnt import arrays, attributes
from .plan import Plan

SKIPPED = ("drop", None)


def plan_of(estimator: Any, inputs: list[str]) -> Plan:
    """`inputs`: names as in the contract. Several are the columns of one data frame or matrix."""
    one = len(inputs) == 1
    plan = Plan(inputs[0] if one else "(features)", list(inputs))
    final = _inner(estimator)
    plan.outputs = output_names(final)
    _Builder(plan, None if one else inputs).final(final, plan.features, [])
    return plan


class _Builder:
    def __init__(self, plan: Plan, columns: list[str] | None) -> None:
        self._plan = plan
        self._columns = columns

    def final(self, estimator: Any, takes: str, path: list[str]) -> None:
        """The stages of an estimator whose answer is the model's."""
        estimator = _inner(estimator)
        if hasattr(estimator, "steps"):
            *before, (name, last) = estimator.steps
            value = self._through(before, takes, path)
            if last in (*SKIPPED, "passthrough"):
                self._answer(_Passing(), value, [*path, name])
            else:
                self.final(last, value, [*path, name])
        elif not hasattr(estimator, "predict"):
            value = self._transformed(estimator, takes, path)
            self._answer(_Passing(), value, path)
        else:
            self._answer(estimator, takes, path)

    def _through(self, steps: Any, takes: str, path: list[str]) -> str:
        for name, step in steps:
            if not isinstance(step, str) and step is not None:
                takes = self._transformed(_inner(step), takes, [*path, name])
        return takes

    def _transformed(self, estimator: Any, takes: str, path: list[str]) -> str:
        if hasattr(estimator, "steps"):
            return self._through(estimator.steps, takes, path)
        if hasattr(estimator, "transformers_"):
            return self._columns_apart(estimator, takes, path)
        if hasattr(estimator, "transformer_list"):
            return self._united(estimator, takes, path)
        before = self._inside(estimator, takes, path)
        inputs = before or self._given(takes)
        return self._stage(estimator, "transform", inputs, [takes], path, estimator.transform)

    def _united(self, estimator: Any, takes: str, path: list[str]) -> str:
        weights = estimator.transformer_weights or {}
        parts = []
        for name, part in estimator.transformer_list:
            if part in SKIPPED:
                continue
            value = takes
            if part != "passthrough":
                value = self._transformed(_inner(part), takes, [*path, name])
            parts.append((value, weights.get(name)))
        return self._joined(estimator, parts, path)

    def _columns_apart(self, estimator: Any, takes: str, path: list[str]) -> str:
        weights = estimator.transformer_weights or {}
        parts = []
        for name, part, columns in estimator.transformers_:
            if (isinstance(part, str) and part == "drop") or _is_none(columns):
                continue
            own = [*path, name]
            value = self._chosen(estimator, columns, takes, own)
            if not isinstance(part, str):
                value = self._transformed(_inner(part), value, own)
            parts.append((value, weights.get(name)))
        return self._joined(estimator, parts, path)

    def _chosen(self, estimator: Any, columns: Any, takes: str, path: list[str]) -> str:
        from sklearn.utils import _safe_indexing

        asked = [columns] if isinstance(columns, (str, int)) else list(np.atleast_1d(columns))
        if _is_mask(columns):
            asked = list(np.flatnonzero(columns))
        names = [str(c) if isinstance(c, (str, np.str_)) else self._column(c) for c in asked]
        direct = takes == self._plan.features and self._columns is not None
        known = direct and all(name in (self._columns or []) for name in names)
        node = OpNode(
            id=".".join([*path, "columns"]),
            op="columns",
            inputs=list(dict.fromkeys(names)) if known else self._given(takes),
            outputs=[self._plan.name(".".join([*path, "columns"]))],
            attributes={"columns": [c.item() if isinstance(c, np.generic) else c for c in asked]},
            module=path,
        )
        chosen = _taking(lambda value: _safe_indexing(value, columns, axis=1))
        return self._plan.add(node, chosen, [takes])

    def _column(self, place: Any) -> str:
        columns = self._columns or []
        if isinstance(place, (int, np.integer)) and -len(columns) <= int(place) < len(columns):
            return columns[int(place)]
        return ""

    def _joined(self, estimator: Any, parts: list[tuple[str, Any]], path: list[str]) -> str:
        weights = [weight for _, weight in parts]

        def join(*values: Any) -> list[Any]:
            scaled = [v if w is None else v * w for v, w in zip(values, weights, strict=True)]
            if any(hasattr(v, "tocsr") for v in scaled):
                from scipy import sparse

                return [sparse.hstack(scaled).tocsr()]
            return [np.hstack([_matrix(v) for v in scaled])]

        names = [name for name, _ in parts]
        told = {"weights": weights} if any(w is not None for w in weights) else {}
        name = ".".join([*path, "concatenate"])
        owner = type(estimator).__name__
        node = OpNode(name, f"{owner}.concatenate", names, [self._plan.name(name)], told, path)
        return self._plan.add(node, join)

    def _given(self, takes: str) -> list[str]:
        """Tensor names of what a stage takes: the columns where it takes all of them."""
        return self._columns if self._columns and takes == self._plan.features else [takes]

    def _inside(self, estimator: Any, takes: str, path: list[str]) -> list[str]:
        """Stages on the way, each after the level before. Gives the last level, or nothing."""
        before: list[str] = []
        for level in inside(estimator):
            inputs, first = before or self._given(takes), not before
            before = [
                self._stage(estimator, name, inputs, [takes], path, compute, told=first)
                for name, compute in level
            ]
        return before

    def _answer(self, estimator: Any, takes: str, path: list[str]) -> None:
        before = self._inside(estimator, takes, path) or self._given(takes)
        # Probabilities come before the label that is the largest of them.
        argmax = label_is_argmax(estimator)
        order = list(reversed(self._plan.outputs)) if argmax else self._plan.outputs
        said: dict[str, Any] = {}

        def taken(key: str) -> Callable[[Any], list[Any]]:
            def compute(features: Any) -> list[Any]:
                # An estimator is asked once; each output is taken from what it said.
                if key == order[0]:
                    said.update(answer(estimator, features))
                return [said.pop(key)]

            return compute

        for key in order:
            inputs = before if not argmax or key == order[0] else [order[0]]
            first = key == order[0]
            own = [".".join([*path, a]) for a in self._hold(estimator, path)] if first else []
            name = ".".join([*path, key])
            node = OpNode(
                id=f"{name} (output)",
                op="identity" if isinstance(estimator, _Passing) else type(estimator).__name__,
                inputs=[*inputs, *own],
                outputs=[key],
                attributes={"output": key, **attributes(estimator)},
                module=path,
                origins=path[-1:],
            )
            self._plan.add(node, taken(key), [takes])

    def _stage(
        self,
        estimator: Any,
        what: str,
        inputs: list[str],
        takes: list[str],
        path: list[str],
        compute: Callable[[Any], Any],
        told: bool = True,
    ) -> str:
        kind = type(estimator).__name__
        name = ".".join([*path, what])
        own = [".".join([*path, a]) for a in self._hold(estimator, path)] if told else []
        node = OpNode(
            id=name,
            op=kind if what == "transform" else f"{kind}.{what}",
            inputs=[*inputs, *own],
            outputs=[self._plan.name(name)],
            attributes=attributes(estimator) if told else {},
            module=path,
            origins=path[-1:],
        )
        return self._plan.add(node, _taking(compute), takes)

    def _hold(self, estimator: Any, path: list[str]) -> list[str]:
        """Puts what an estimator learnt among the constants; gives the attributes' names."""
        found = arrays(estimator)
        for name, value in found.items():
            self._plan.constants[".".join([*path, name])] = value
        return list(found)


class _Passing:
    """Answers with what it is given: the end of a pipeline of transformers."""

    def transform(self, features: Any) -> Any:
        return features


def _taking(compute: Callable[[Any], Any]) -> Callable[[Any], list[Any]]:
    return lambda value: [compute(value)]


def _inner(estimator: Any) -> Any:
    """The fitted estimator inside a search or a frozen one, which answers for it."""
    best = getattr(estimator, "best_estimator_", None)
    if best is not None:
        return _inner(best)
    if type(estimator).__name__ == "FrozenEstimator":
        return _inner(estimator.estimator)
    return estimator


def _matrix(value: Any) -> np.ndarray:
    array = np.asarray(value)
    return array.reshape(-1, 1) if array.ndim == 1 else array


def _is_none(columns: Any) -> bool:
    """No columns at all: such a part is left out, as ColumnTransformer leaves it out."""
    return not isinstance(columns, (str, int)) and (
        not np.any(columns) if _is_mask(columns) else np.size(columns) == 0
    )


def _is_mask(columns: Any) -> bool:
    return np.asarray(columns).dtype == bool if not isinstance(columns, slice) else False
