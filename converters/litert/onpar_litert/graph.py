"""A TFLite model as an OpGraph: operators with their options, layers by the names of their tensors."""

from __future__ import annotations

from dataclasses import dataclass

from onpar_host.contract import Quantization
from onpar_host.graph import OpGraph, OpNode, OpTensor
from onpar_host.layer_scopes import LayerScopes
from onpar_host.tensor import DTYPES
from onpar_host.tensor_names import TensorNames

from .details import Endpoint
from .flatbuffer import FileGraph, FileTensor

RANDOM = ("MULTINOMIAL", "RANDOM_STANDARD_NORMAL", "RANDOM_UNIFORM")


@dataclass(frozen=True)
class TfliteGraph:
    """`indices`: name → tensor of the subgraph. `folded`: what is made of constants alone, which
    XNNPACK computes beforehand and then leaves unwritten."""

    graph: OpGraph
    indices: dict[str, int]
    folded: frozenset[int]


def op_graph(file: FileGraph, endpoint: Endpoint) -> TfliteGraph:
    """Tensors are called as in the file, inputs and outputs as in the contract."""
    names = TensorNames(endpoint.inputs, endpoint.outputs)
    scopes = LayerScopes.of(part for t in file.tensors for part in _parts(t))
    folded = _folded(file)
    nodes = []
    for operator in file.operators:
        made = [_named(names, file, index) for index in operator.outputs]
        parts = [
            part for index in operator.outputs if index >= 0 for part in _parts(file.tensors[index])
        ]
        nodes.append(
            OpNode(
                id=made[0] if made else f"operator {len(nodes)}",
                op=operator.op,
                inputs=[_named(names, file, index) for index in operator.inputs],
                outputs=made,
                attributes=operator.attributes,
                module=scopes.layers(parts[0]) if parts else (),
                origins=scopes.origins(parts),
            )
        )
    nodes.extend(names.repeated())
    indices = {name: int(index) for name, index in names.keys().items()}
    inputs = set(endpoint.inputs.values())
    used = {name for node in nodes for name in (*node.inputs, *node.outputs) if name}
    ends = (*endpoint.inputs, *endpoint.outputs)
    tensors = {
        name: _tensor(file.tensors[indices[name]], indices[name] in folded, indices[name] in inputs)
        for name in dict.fromkeys((*ends, *sorted(used, key=lambda n: indices[n])))
    }
    graph = OpGraph("tflite", list(endpoint.inputs), list(endpoint.outputs), nodes, tensors)
    return TfliteGraph(graph, indices, folded)


def _parts(tensor: FileTensor) -> list[str]:
    """Operators that the converter made one of; each tensor of an operator that it split is numbered."""
    return [part for part in tensor.name.split(";") if part]


def _named(names: TensorNames, file: FileGraph, index: int) -> str:
    return "" if index < 0 else names.give(index, file.tensors[index].name or f"tensor {index}")


def _tensor(tensor: FileTensor, folded: bool, is_input: bool) -> OpTensor:
    dtype = tensor.dtype if tensor.dtype in DTYPES else None
    constant = tensor.is_constant or folded
    tappable = dtype is not None and not (constant or is_input or tensor.is_variable)
    quantization: Quantization | None = tensor.quantization
    return OpTensor(dtype, tensor.shape, tappable, constant, quantization)


def _folded(file: FileGraph) -> frozenset[int]:
    constant = {index for index, tensor in enumerate(file.tensors) if tensor.is_constant}
    found: set[int] = set()
    for operator in file.operators:
        taken = [index for index in operator.inputs if index >= 0]
        if taken and constant.issuperset(taken) and operator.op not in RANDOM:
            found.update(operator.outputs)
            constant.update(operator.outputs)
    return frozenset(found)
