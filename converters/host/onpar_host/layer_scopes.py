"""Layers in the names that TensorFlow and its converters give to operators: `model/stem/Conv2D`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

CALL = re.compile(r"(Stateful)?PartitionedCall(_\d+)?")
"""The inlined call of a function: a signature's, which is no layer."""
BORDER = re.compile(r"Func/.+/(input|output)(_control_node)?/_\d+")
"""What TensorFlow puts around a function that it inlines; it hands values on."""
COUNTED = re.compile(r"(.+)_(\d+)")


@dataclass(frozen=True)
class LayerScopes:
    """What is common to the operator names of one graph.

    A model that is traced again gets its scopes counted up, all by the same number
    (`functional_1/stem_1/Conv2D`); scopes inside of a layer's own code do not (`…/bn_1/batchnorm/mul`).
    `trace` is that number, or None. `root` is the scope of the model itself, which all names share.
    """

    trace: str | None
    root: str | None

    @staticmethod
    def of(names: Iterable[str]) -> LayerScopes:
        """From all operator names of a graph."""
        scopes = [found for found in (_scopes(name) for name in names) if found]
        firsts = {found[0] for found in scopes}
        deep = [found for found in scopes if len(found) > 1]
        root = firsts.pop() if len(firsts) == 1 and deep else None
        numbers = {_number(scope) for found in deep for scope in found[:2]}
        trace = numbers.pop() if root is not None and len(numbers) == 1 else None
        return LayerScopes(trace, root)

    def layers(self, name: str) -> tuple[str, ...]:
        """Scopes of one operator below the model, outermost first, as its author named them.

        Where scopes are not counted, those inside of a layer's own code come with it.
        """
        scopes = list(_scopes(name))
        if self.root is not None and scopes[:1] == [self.root]:
            scopes = scopes[1:]
        if self.trace is None:
            return tuple(scopes)
        ending = f"_{self.trace}"
        layers = []
        for scope in scopes:
            if not scope.endswith(ending):
                break
            layers.append(scope.removesuffix(ending))
        return tuple(layers)

    def origins(self, names: Iterable[str]) -> list[str]:
        """Names under which others may know what was made of these operators, best first.

        `block/conv` before `block` before `model_1/block_1/conv_1/Conv2D`.
        """
        given = [name for name in names if name and not CALL.fullmatch(operator_name(name))]
        paths = [self.layers(name) for name in given]
        depth = max((len(path) for path in paths), default=0)
        layers = [
            "/".join(path[: len(path) - shorter])
            for shorter in range(depth)
            for path in paths
            if len(path) > shorter
        ]
        return list(dict.fromkeys([*layers, *(operator_name(name) for name in given)]))


def operator_name(name: str) -> str:
    """Without the call that it was inlined from and the number of its output."""
    parts = name.removesuffix(":0").split("/")
    while len(parts) > 1 and CALL.fullmatch(parts[0]):
        parts = parts[1:]
    return "/".join(parts)


def _scopes(name: str) -> list[str]:
    if BORDER.fullmatch(name):
        return []
    return operator_name(name).split("/")[:-1]


def _number(scope: str) -> str | None:
    found = COUNTED.fullmatch(scope)
    return found.group(2) if found else None
