"""What a `.pte` file says of its methods, read from its tables without touching the weights.

Schema: executorch/schema/program.fbs.
"""

from __future__ import annotations

import mmap
from collections import Counter
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

from onpar_host.contract import Contract, Dim, TensorSpec
from onpar_host.errors import WorkerError, failing_as
from onpar_host.model import Model
from onpar_host.packages import require

from .naming import input_name, output_names

IDENTIFIER = b"ET12"
"""Bytes 4 to 8 of every ExecuTorch program."""

DTYPES = {
    **{0: "uint8", 1: "int8", 2: "int16", 3: "int32", 4: "int64", 5: "float16", 6: "float32"},
    **{7: "float64", 11: "bool", 15: "bfloat16", 27: "uint16", 28: "uint32", 29: "uint64"},
}
"""Numbers of ScalarType (executorch/schema/scalar_type.fbs); others no tensor record holds."""

GENERATED = "executorch.exir._serialize.generated.executorch_flatbuffer"


@dataclass(frozen=True)
class Method:
    """`constants` are inputs that are no tensors, by place: the program takes only these values.

    `bounds` has the planned sizes of each input that is a tensor, in order.
    """

    name: str
    contract: Contract
    constants: dict[int, Any]
    bounds: list[list[int]]
    is_dynamic: list[bool]
    operators: list[str]
    backends: dict[str, int]
    kernel_calls: int
    delegate_calls: int
    outputs: list[int] = field(default_factory=list)

    @property
    def is_stateful(self) -> bool:
        """Whether a run writes into what the next one reads: copy_, index_put_ (by ATen's naming)."""
        names = [name.partition(".")[0] for name in self.operators]
        return any(name.endswith("_") and not name.endswith("__") for name in names)


def read_method(model: Model, wanted: str) -> Method:
    """Raises WorkerError `model-load-failed`, and `bad-request` for a method that is not there."""
    _check_file(model)
    program = _schema("Program")
    with open(model.path, "rb") as file:
        content = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    fix = "check that the file is complete"
    with failing_as("model-load-failed", model.shown, model.root, fix=fix):
        root = program.GetRootAs(content, 0)
        plans = [root.ExecutionPlan(i) for i in range(root.ExecutionPlanLength())]
        named = {_text(plan.Name()): plan for plan in plans}
        if wanted not in named:
            raise WorkerError(
                "bad-request",
                f"{model.shown} has no method {wanted}; it has {', '.join(named) or 'none'}",
                fix="name one of them with the option method",
            )
        return _method(wanted, named[wanted], model)


def _check_file(model: Model) -> None:
    with open(model.path, "rb") as file:
        head = file.read(8)
    if head[4:8] != IDENTIFIER:
        raise WorkerError(
            "model-load-failed",
            f"{model.shown} is no ExecuTorch program: "
            f"bytes 4 to 8 are {head[4:8]!r}, not {IDENTIFIER!r}",
            fix="check that the file was written by ExecuTorch 1.0 or newer and was not renamed",
        )


def _method(name: str, plan: Any, model: Model) -> Method:
    kinds = _schema("KernelTypes")
    specs: list[TensorSpec] = []
    bounds: list[list[int]] = []
    dynamic: list[bool] = []
    constants: dict[int, Any] = {}
    for place in range(plan.InputsLength()):
        value = plan.Values(plan.Inputs(place))
        if value.ValType() == kinds.Tensor:
            spec, sizes, is_dynamic = _tensor(input_name(place), value)
            specs.append(spec)
            bounds.append(sizes)
            dynamic.append(is_dynamic)
        else:
            constants[place] = _constant(value, place, kinds, model)
    returned = [plan.Values(plan.Outputs(place)) for place in range(plan.OutputsLength())]
    kept = [place for place, value in enumerate(returned) if value.ValType() != kinds.Null]
    given = []
    for output, place in zip(output_names(len(kept)), kept, strict=True):
        value = returned[place]
        given.append(
            _tensor(output, value)[0] if value.ValType() == kinds.Tensor else TensorSpec(output)
        )
    calls = _calls(plan)
    return Method(
        name,
        Contract(specs, given, "none"),
        constants,
        bounds,
        dynamic,
        [_operator(plan.Operators(i)) for i in range(plan.OperatorsLength())],
        dict(Counter(_text(plan.Delegates(i).Id()) for i in range(plan.DelegatesLength()))),
        calls["KernelCall"],
        calls["DelegateCall"],
        kept,
    )


def _tensor(name: str, value: Any) -> tuple[TensorSpec, list[int], bool]:
    """With what is planned for. A bounded tensor does not say which of its sizes may be smaller."""
    kinds = _schema("TensorShapeDynamism")
    tensor = _union(value, "Tensor")
    sizes = [int(tensor.Sizes(i)) for i in range(tensor.SizesLength())]
    is_dynamic = tensor.ShapeDynamism() != kinds.STATIC
    shape: list[Dim] = [None] * len(sizes) if is_dynamic else list(sizes)
    return TensorSpec(name, DTYPES.get(tensor.ScalarType()), shape), sizes, is_dynamic


def _constant(value: Any, place: int, kinds: Any, model: Model) -> Any:
    kind = value.ValType()
    if kind == kinds.Null:
        return None
    if kind == kinds.Int:
        return int(_union(value, "Int").IntVal())
    if kind == kinds.Double:
        return float(_union(value, "Double").DoubleVal())
    if kind == kinds.Bool:
        return bool(_union(value, "Bool").BoolVal())
    raise WorkerError(
        "model-load-failed",
        f"{model.shown}: input {place} is neither a tensor nor a number",
        fix="export the model with tensors as its inputs",
    )


def _calls(plan: Any) -> Counter[str]:
    kinds = _schema("InstructionArguments")
    names = {number: name for name, number in vars(kinds).items() if isinstance(number, int)}
    return Counter(
        names[plan.Chains(i).Instructions(j).InstrArgsType()]
        for i in range(plan.ChainsLength())
        for j in range(plan.Chains(i).InstructionsLength())
    )


def _union(value: Any, kind: str) -> Any:
    table, read = value.Val(), _schema(kind)()
    read.Init(table.Bytes, table.Pos)
    return read


def _schema(name: str) -> Any:
    """A class that flatc generated from the schema.

    Its modules import their children twice: as classes to begin with, then the modules of the same
    names over them, so that reading would call modules (1.5.1); the classes are put back.
    """
    module = require(f"{GENERATED}.{name}")
    for child, found in list(vars(module).items()):
        if isinstance(found, ModuleType) and isinstance(getattr(found, child, None), type):
            setattr(module, child, getattr(found, child))
            _schema(child)
    return getattr(module, name)


def _operator(operator: Any) -> str:
    """`aten::add.out`, as the registry of kernels has it."""
    overload = _text(operator.Overload())
    return f"{_text(operator.Name())}.{overload}" if overload else _text(operator.Name())


def _text(raw: bytes | None) -> str:
    return (raw or b"").decode("utf-8", "replace")
