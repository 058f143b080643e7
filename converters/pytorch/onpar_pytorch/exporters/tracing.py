"""What every exporter that runs the module needs: example tensors, names, dynamic dimensions."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from onpar_host.contract import TensorSpec
from onpar_host.errors import WorkerError, failing_as
from onpar_host.examples import own_example_inputs
from onpar_host.exporting import ExportJob
from onpar_host.packages import require
from onpar_host.tensor import Tensor

from ..facts import module_facts
from ..forward import Call, forward_parameters, parameter_names, plan_call
from ..loading import load_module
from ..tensors import from_torch, named_outputs, to_torch
from ..untouched import untouched


@dataclass(frozen=True)
class Traceable:
    """A module with example inputs that it accepts."""

    module: Any
    tensors: dict[str, Any]
    call: Call
    parameters: dict[str, str]
    """Input name → parameter of forward."""
    output_names: list[str]
    facts: dict[str, Any]

    @property
    def names(self) -> list[str]:
        """Input names in the order of the call."""
        return [*self.call.positional, *self.call.keywords.values()]

    @property
    def args(self) -> tuple[Any, ...]:
        return tuple(self.tensors[name] for name in self.call.positional)

    @property
    def kwargs(self) -> dict[str, Any]:
        return {p: self.tensors[name] for p, name in self.call.keywords.items()}


def prepare(job: ExportJob) -> Traceable:
    """Loads the module and runs it once, so that outputs get the names that the runtime gives them.

    Raises WorkerError with the codes of loading, `export-failed` without example inputs or when the
    module does not run on them.
    """
    job.progress("loading the model")
    module, source = load_module(job.model)
    return traceable_of(job, module, source)


def traceable_of(job: ExportJob, module: Any, source: ModuleType | None) -> Traceable:
    """A module that is loaded already, run once on the example inputs. Raises as `prepare` does."""
    torch = require("torch")
    parameters = forward_parameters(module)
    examples = job.example_inputs
    if examples is None and source is not None:
        examples = own_example_inputs(source, job.model, parameter_names(parameters), from_torch)
    if not examples:
        raise WorkerError(
            "export-failed",
            f"{job.model.shown}: exporting needs example inputs",
            fix="declare `inputs:` in the suite, give --inputs FILE, or write example_inputs() in the file",
        )
    tensors = {name: to_torch(tensor) for name, tensor in _ordered(examples, job.inputs).items()}
    call = plan_call(list(tensors), parameters)
    traceable = Traceable(
        module,
        tensors,
        call,
        call.parameters(parameter_names(parameters)),
        [],
        module_facts(module),
    )
    about = f"{job.model.shown} does not run on its example inputs"
    with failing_as("export-failed", about, job.model.root), torch.no_grad(), untouched(module):
        copies = [tensor.clone() for tensor in traceable.args]
        result = module(*copies, **{k: v.clone() for k, v in traceable.kwargs.items()})
    traceable.output_names.extend(named_outputs(result))
    return traceable


def _ordered(examples: dict[str, Tensor], inputs: list[TensorSpec]) -> dict[str, Tensor]:
    names = [spec.name for spec in inputs]
    return {name: examples[name] for name in names} if set(names) == set(examples) else examples


def dynamic_axes(inputs: list[TensorSpec]) -> dict[str, dict[int, str | None]]:
    """Input name → axis → name of the dimension (None where it has none)."""
    return {
        spec.name: {
            axis: dim for axis, dim in enumerate(spec.shape or []) if not isinstance(dim, int)
        }
        for spec in inputs
    }


def dynamic_shapes(
    job: ExportJob, traceable: Traceable, of: Callable[[str | None], Any]
) -> dict[str, Any] | None:
    """`dynamic_shapes_of` the inputs that the suite declares."""
    return dynamic_shapes_of(job.inputs, traceable, of)


def dynamic_shapes_of(
    inputs: list[TensorSpec], traceable: Traceable, of: Callable[[str | None], Any]
) -> dict[str, Any] | None:
    """`dynamic_shapes` of torch.export: by parameter of forward, in call order.

    `of` gives what stands for a dimension with this name (None: one without); fixed axes are left
    out. None when every size is fixed.
    """
    axes = dynamic_axes(inputs)
    if not any(axes.values()):
        return None
    shapes = {
        name: {axis: of(dim) for axis, dim in axes.get(name, {}).items()} or None
        for name in traceable.names
    }
    parameters = forward_parameters(traceable.module)
    variadic = [p.name for p in parameters if p.kind is inspect.Parameter.VAR_POSITIONAL]
    named = {
        traceable.parameters[name]: shape
        for name, shape in shapes.items()
        if not (variadic and name in traceable.call.positional)
    }
    if not variadic:
        return named
    fixed = [p.name for p in parameters if p.kind is inspect.Parameter.POSITIONAL_OR_KEYWORD]
    given = [shapes[name] for name in traceable.call.positional]
    leading = dict(zip(fixed, given, strict=False))
    return {**leading, variadic[0]: tuple(given[len(fixed) :]), **named}
