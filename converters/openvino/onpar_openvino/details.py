"""What a graph of OpenVINO declares, as a contract."""

from __future__ import annotations

from typing import Any

from onpar_host.contract import Contract, Dim, TensorSpec
from onpar_host.generated_names import names_kind

from .dtypes import dtype_of

SINK = "/sink_port_0"
"""Frontends call a result after its tensor, with this behind it."""

Bounds = dict[str, list[list[int | None]]]


def describe(graph: Any) -> Contract:
    """Names, dtypes and shapes of the graph's own inputs and outputs, in its order."""
    inputs = _specs(graph.inputs)
    outputs = _specs(graph.outputs)
    # From TensorFlow, an IR has the counted names of a SavedModel's signature.
    return Contract(inputs, outputs, names_kind(inputs, outputs, numbered=True))


def bounds_of(graph: Any, contract: Contract) -> Bounds:
    """Smallest and largest size (None: any) along each axis of inputs that limit a dynamic one."""
    found: Bounds = {}
    for spec, port in zip(contract.inputs, graph.inputs, strict=True):
        shape = port.get_partial_shape()
        if shape.rank.is_dynamic:
            continue
        limits = [[dim.get_min_length(), _largest(dim)] for dim in shape]
        if any(
            dim.is_dynamic and tuple(limit) != (0, None)
            for dim, limit in zip(shape, limits, strict=True)
        ):
            found[spec.name] = limits
    return found


def _specs(ports: list[Any]) -> list[TensorSpec]:
    specs: list[TensorSpec] = []
    taken: set[str] = set()
    for position, port in enumerate(ports):
        name = _name(port)
        if name in taken:
            name = f"{name}_{position}"
        taken.add(name)
        specs.append(TensorSpec(name, dtype_of(port.get_element_type()), _shape(port)))
    return specs


def _name(port: Any) -> str:
    """The tensor's name; of several (an Identity leaves two) the one its node is called after."""
    names = port.get_names()
    own = port.get_node().get_friendly_name().removesuffix(SINK)
    return own if own in names or not names else min(names)


def _shape(port: Any) -> list[Dim] | None:
    shape = port.get_partial_shape()
    if shape.rank.is_dynamic:
        return None
    # IR holds no names of dimensions.
    return [None if dim.is_dynamic else dim.get_length() for dim in shape]


def _largest(dim: Any) -> int | None:
    # OpenVINO says -1 for a dimension without an upper bound.
    return None if dim.get_max_length() < 0 else dim.get_max_length()
