"""Exported programs: what torch.export.save wrote (`.pt2`)."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from typing import Any

from onpar_host.contract import Contract, Dim, TensorSpec
from onpar_host.errors import WorkerError, failing_as
from onpar_host.model import Model
from onpar_host.packages import require
from onpar_host.tensor import DTYPES

from .device import Device
from .facts import dtype_name
from .tensors import has_own_keys, named_outputs

COMPILED = "/data/aotinductor/"
"""Where aoti_compile_and_package puts machine code (torch/export/pt2_archive/constants.py)."""

DROPS = ("dropout", "dropout_", "feature_dropout", "feature_dropout_", "alpha_dropout", "rrelu")
"""ATen operators whose argument `train` decides whether they draw random numbers."""


@dataclass(frozen=True)
class Program:
    """An ExportedProgram and what its signature says; inputs and outputs flat, in call order."""

    exported: Any
    contract: Contract

    @property
    def names(self) -> list[str]:
        """Input names, which are those of forward's parameters."""
        return [spec.name for spec in self.contract.inputs]

    def arguments(self, tensors: list[Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Positional and keyword arguments, nested as the program was exported, from flat tensors.

        Inputs that were no tensors when the program was exported keep the value they had.
        """
        pytree = require("torch").utils._pytree
        given = iter(tensors)
        flat = [
            next(given) if kind == "tensor" else value for _, kind, value in _inputs(self.exported)
        ]
        args, kwargs = pytree.tree_unflatten(flat, self.exported.call_spec.in_spec)
        return tuple(args), dict(kwargs)


def load_program(model: Model, device: Device | None = None) -> Program:
    """Reads the archive on the CPU, and puts the program on `device` where one is given.

    Raises WorkerError `trust-required` without trust: guards and sizes in the archive are Python
    expressions that torch.export evaluates (torch/export/_unlift.py, _convert_guards_code_to_fn),
    and tensors of user-defined classes are pickles. `model-load-failed` for anything that is no
    exported program, or takes inputs that are neither tensors nor constants.
    """
    torch = require("torch")
    model.require_trust("is an exported program, which holds code")
    _refuse_compiled(model)
    torch.manual_seed(0)
    with failing_as(
        "model-load-failed",
        model.shown,
        model.root,
        fix=f"check that torch.export.save wrote this file, and that PyTorch {torch.__version__} "
        "is not older than the one it was written with",
    ):
        exported = torch.export.load(model.path)
        if device is not None and device.on_gpu:
            # Constants and factory calls name their device in the graph: `.to()` alone leaves them behind.
            from torch.export.passes import move_to_device_pass

            exported = move_to_device_pass(exported, device.name)
        return Program(exported, _contract(exported, model))


def untrained_operators(exported: Any) -> list[str]:
    """Nodes that answer differently for having been exported in training mode: `dropout (dropout)`.

    The mode is an argument of the operator in the graph; nothing can switch it afterwards.
    """
    found = []
    for node in exported.graph.nodes:
        if node.op != "call_function" or not hasattr(node.target, "_schema"):
            continue
        name = node.target._schema.name.partition("::")[2]
        chance = _argument(node, "p")
        if name in DROPS and (_argument(node, "train") or _argument(node, "training")):
            # Dropout with p = 0 keeps everything.
            trained = chance is None or chance > 0
        else:
            trained = name in ("batch_norm", "instance_norm") and bool(_argument(node, "training"))
        if trained:
            found.append(f"{node.name} ({name})")
    return found


def _argument(node: Any, name: str) -> Any:
    for place, argument in enumerate(node.target._schema.arguments):
        if argument.name == name:
            return node.args[place] if place < len(node.args) else node.kwargs.get(name)
    return None


def _refuse_compiled(model: Model) -> None:
    if not zipfile.is_zipfile(model.path):
        return
    with zipfile.ZipFile(model.path) as archive:
        names = archive.namelist()
    if any(COMPILED in f"/{name}" for name in names):
        raise WorkerError(
            "model-load-failed",
            f"{model.shown} is an AOTInductor package: machine code, not an exported program",
            fix="name the file that torch.export.save wrote before it was compiled",
        )


def _inputs(exported: Any) -> list[tuple[str, str, Any]]:
    """`(name, kind, value)` of the user's inputs, flat: kind `tensor`, or `constant` with a value."""
    kinds = require("torch").export.graph_signature
    found: list[tuple[str, str, Any]] = []
    for spec in exported.graph_signature.input_specs:
        if spec.kind is not kinds.InputKind.USER_INPUT:
            continue
        if isinstance(spec.arg, kinds.TensorArgument):
            found.append((spec.arg.name, "tensor", None))
        elif isinstance(spec.arg, kinds.ConstantArgument):
            found.append((spec.arg.name, "constant", spec.arg.value))
        else:
            found.append((spec.arg.name, type(spec.arg).__name__, None))
    return found


def _contract(exported: Any, model: Model) -> Contract:
    values = {
        node.name: node.meta.get("val") for node in exported.graph.nodes if node.op == "placeholder"
    }
    inputs = []
    for name, kind, _ in _inputs(exported):
        if kind == "tensor":
            inputs.append(_spec(name, values.get(name)))
        elif kind != "constant":
            raise WorkerError(
                "model-load-failed",
                f"input {name} of {model.shown} is a number ({kind}), and onpar feeds tensors",
                fix="export the model with a tensor in its place, or with the number fixed",
            )
    outputs, keyed = _outputs(exported)
    return Contract(inputs, outputs, "declared" if keyed else "generated")


def _outputs(exported: Any) -> tuple[list[TensorSpec], bool]:
    """What the program declares to give, named as the runtime names it, and whether names are its own.

    Empty where a part is no tensor: then what it gives is seen when it runs.
    """
    kinds = require("torch").export.graph_signature
    pytree = require("torch").utils._pytree
    [last] = [node for node in exported.graph.nodes if node.op == "output"]
    of = {
        getattr(node, "name", None): getattr(node, "meta", {}).get("val") for node in last.args[0]
    }
    flat = [
        of.get(spec.arg.name)
        if isinstance(spec.arg, kinds.TensorArgument)
        else getattr(spec.arg, "value", None)
        for spec in exported.graph_signature.output_specs
        if spec.kind is kinds.OutputKind.USER_OUTPUT
    ]
    result = pytree.tree_unflatten(flat, exported.call_spec.out_spec)
    named = named_outputs(result)
    if not all(hasattr(value, "shape") and hasattr(value, "dtype") for value in named.values()):
        return [], False
    return [_spec(name, value) for name, value in named.items()], has_own_keys(result)


def _spec(name: str, value: Any) -> TensorSpec:
    if value is None:
        return TensorSpec(name)
    dtype = dtype_name(value.dtype)
    return TensorSpec(name, dtype if dtype in DTYPES else None, [_dim(d) for d in value.shape])


def _dim(size: Any) -> Dim:
    """A number; the symbol of a dynamic dimension; None for a formula of symbols (`2*s0 + 1`).

    Equal symbols are equal sizes, so that inputs which share one are swept together.
    """
    if isinstance(size, int):
        return size
    expression = size.node.expr
    return str(expression) if expression.is_Symbol else None
