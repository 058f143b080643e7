"""Every tensor that a module holds: parameters, buffers, plain attributes, constants of TorchScript."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from onpar_host.packages import require


@dataclass(frozen=True)
class Held:
    """A tensor, its name in the module, and the module that owns it (None: a graph's constant)."""

    name: str
    tensor: Any
    owner: Any | None


def held_tensors(module: Any) -> Iterator[Held]:
    """Each tensor once for each name that it has; shared ones come under every name."""
    for path, part in module.named_modules():
        prefix = f"{path}." if path else ""
        own = [*part.named_parameters(recurse=False), *part.named_buffers(recurse=False)]
        for name, tensor in own:
            yield Held(prefix + name, tensor, part)
        for name, tensor in _plain(part):
            yield Held(prefix + name, tensor, part)
    for index, tensor in enumerate(_graph_constants(module)):
        yield Held(f"constant {index}", tensor, None)


def replace_plain(module: Any, change: Callable[[Any], Any]) -> None:
    """Puts `change(tensor)` in the place of tensors that are plain attributes: `module.double()`
    does not reach them. One that stands in several places is changed once."""
    done: dict[int, Any] = {}

    def changed(tensor: Any) -> Any:
        if id(tensor) not in done:
            # The original is kept, so that its id is not given to another tensor.
            done[id(tensor)] = (tensor, change(tensor))
        return done[id(tensor)][1]

    for part in module.modules():
        for container, key, tensor in _plain_places(part):
            container[key] = changed(tensor)


def _plain(part: Any) -> Iterator[tuple[str, Any]]:
    torch = require("torch")
    for key, value in _attributes(part).items():
        if isinstance(value, torch.Tensor):
            yield key, value
        elif isinstance(value, (list, tuple)):
            found = ((f"{key}.{i}", item) for i, item in enumerate(value))
            yield from ((name, item) for name, item in found if isinstance(item, torch.Tensor))
        elif isinstance(value, dict):
            found = ((f"{key}.{name}", item) for name, item in value.items())
            yield from ((name, item) for name, item in found if isinstance(item, torch.Tensor))


def _plain_places(part: Any) -> Iterator[tuple[Any, Any, Any]]:
    torch = require("torch")
    attributes = _attributes(part)
    for key, value in list(attributes.items()):
        if isinstance(value, torch.Tensor):
            yield part.__dict__, key, value
        elif type(value) is tuple and any(isinstance(item, torch.Tensor) for item in value):
            part.__dict__[key] = value = list(value)
        if isinstance(value, list):
            yield from ((value, i, t) for i, t in enumerate(value) if isinstance(t, torch.Tensor))
        elif isinstance(value, dict):
            found = list(value.items())
            yield from ((value, k, t) for k, t in found if isinstance(t, torch.Tensor))


def _attributes(part: Any) -> dict[str, Any]:
    if _is_script(part):
        return {}
    # torch's own book-keeping starts with an underscore: _parameters, _buffers, _flat_weights …
    return {key: value for key, value in vars(part).items() if not key.startswith("_")}


def _is_script(module: Any) -> bool:
    return isinstance(module, require("torch").jit.ScriptModule)


def _graph_constants(module: Any) -> Iterator[Any]:
    if not _is_script(module):
        return
    torch = require("torch")
    # The inlined graph is a copy, but its tensors are those that the interpreter computes with.
    pending = list(module.inlined_graph.nodes())
    while pending:
        node = pending.pop(0)
        for block in node.blocks():
            pending.extend(block.nodes())
        if node.kind() == "prim::Constant" and node.hasAttribute("value"):
            value = node.output().toIValue()
            if isinstance(value, torch.Tensor):
                yield value
