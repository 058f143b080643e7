"""The graph of an open PyTorch model, and runs that give out what lies between."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any, Protocol

from onpar_host.errors import describe_exception
from onpar_host.graph import OpGraph, OpNode, OpTensor
from onpar_host.packages import require
from onpar_host.tensor import Tensor

from ..tensors import named_outputs
from ..untouched import untouched
from .agreement import deviation
from .fx_graph import graph_of, output_name
from .interpret import Program

if TYPE_CHECKING:
    from ..execution import Feed, TorchSession

KEPT = 4
"""Programs for different sizes of inputs; each shares the module's weights."""


class Source(Protocol):
    """What exports the session's model."""

    def program(self, feed: Feed) -> tuple[Any, list[str]]:
        """A decomposed program (sources.Exported), and names of its tensor inputs in call order."""
        ...

    def forget(self) -> bool:
        """The last program does not answer as the module does: whether asking again may help."""
        ...


class Tapping:
    """From the exported program where there is one that answers as the module does, else from a run.

    The first inputs that are seen decide which, for as long as the session lives.
    """

    def __init__(
        self, session: TorchSession, source: Source | None, form: str, root: str, wide: bool
    ) -> None:
        """`source` None: the model is never exported. `wide`: it runs in float64."""
        self._session = session
        self._source = source
        self._form = form
        self._root = root
        self._wide = wide
        self._programs: list[Program] = []
        self.facts: dict[str, Any] = {}

    def graph(self, feed: Feed) -> OpGraph:
        """What the model computes; it runs on `feed`, and is left as it was."""
        self._decide(feed)
        if self._programs:
            return self._programs[0].made.graph
        with untouched(self._session.module):
            recorder, result = self._recorded(feed, set())
        return _recorded_graph(recorder, result, self._form, list(feed.tensors))

    def run(self, feed: Feed, names: list[str]) -> tuple[Any, dict[str, Tensor], dict[str, str]]:
        """As `Session.execute_tapped`."""
        self._decide(feed)
        if not self._programs:
            return self._run_recorded(feed, names)
        ours, found, missing = self._interpreted(feed, names)
        result = self._session.execute(feed)
        if ours is None:
            return result, {}, missing
        _, wrong = deviation(ours, result, self._wide)
        if wrong is None:
            return result, found, missing
        reason = f"the exported program answers otherwise than the module on this sample: {wrong}"
        return result, {}, dict.fromkeys(names, reason)

    def _decide(self, feed: Feed) -> None:
        if self._programs or "graphOf" in self.facts:
            return
        if self._source is None:
            self.facts = {"graphOf": "run"}
            return
        try:
            self.facts = {"graphOf": "exported program", "deviation": self._checked(feed)}
        except Exception as error:
            self._programs = []
            self.facts = {"graphOf": "run", "notExported": _why(error, self._root)}

    def _checked(self, feed: Feed) -> float:
        """Keeps the program that answers as the module does; how far it is off. Raises where none does."""
        with untouched(self._session.module):
            result = self._session.execute(feed)
        assert self._source is not None
        while True:
            program = self._program_for(feed)
            ours, _found, missing = self._interpreted(feed, [])
            off, wrong = (0.0, missing[""]) if ours is None else deviation(ours, result, self._wide)
            self._programs = [program] if wrong is None else []
            if wrong is None:
                return off
            # It may have been exported for another session, from files that have changed since.
            if not self._source.forget():
                raise RuntimeError(f"the exported program answers otherwise: {wrong}")

    def _program_for(self, feed: Feed) -> Program:
        """Raises what exporting raises."""
        args, kwargs = self._session.arguments(feed)
        for program in self._programs:
            if program.fits(program.flat(args, kwargs)):
                return program
        assert self._source is not None
        exported, names = self._source.program(feed)
        made = graph_of(exported, names, self._root, self._wide, self._form)
        # The first one gave the graph; of those for other sizes the oldest goes.
        self._programs = [*self._programs[:1], *self._programs[1:][-KEPT + 2 :]]
        self._programs.append(Program(exported, made))
        return self._programs[-1]

    def _interpreted(
        self, feed: Feed, names: list[str]
    ) -> tuple[Any | None, dict[str, Tensor], dict[str, str]]:
        """The program's answer; None where it could not be had, and then all names are missing."""
        torch = require("torch")
        try:
            program = self._program_for(feed)
            flat = program.flat(*self._session.arguments(feed))
            # The module itself runs afterwards, and draws the numbers that it would have drawn.
            with torch.random.fork_rng(self._session.gpus), self._session.computing():
                return program.run(self._session.module, flat, names)
        except Exception as error:
            why = describe_exception(error, self._root)
            return None, {}, dict.fromkeys(names or [""], why)

    def _run_recorded(
        self, feed: Feed, names: list[str]
    ) -> tuple[Any, dict[str, Tensor], dict[str, str]]:
        recorder, result = self._recorded(feed, set(names))
        # Outputs are named once they are known; only the recorder knows which operator gave them.
        made = _outputs(result, recorder.held)
        for name in names:
            if name in made and name not in recorder.found:
                recorder.keep(name, made[name])
        missing = {
            name: recorder.missing.get(name, "this run did not compute it")
            for name in names
            if name not in recorder.found
        }
        return result, {n: recorder.found[n] for n in names if n in recorder.found}, missing

    def _recorded(self, feed: Feed, wanted: set[str]) -> tuple[Any, Any]:
        from .trace import Recorder

        recorder = Recorder(self._session.module, feed.tensors, wanted, self._root)
        result = self._session.execute(feed, watched=recorder.watching())
        return recorder, result


def _why(error: BaseException, root: str) -> str:
    """What torch said, without its advice for developers of torch."""
    said = describe_exception(error, root)
    for advice in (" Caused by:", " For more information, run", " While executing"):
        said = said.partition(advice)[0]
    return said


def _outputs(result: Any, taken: Collection[str]) -> dict[str, Any]:
    """Outputs that are tensors, as the graph names them."""
    tensor = require("torch").Tensor
    named = named_outputs(result)
    return {output_name(n, taken): v for n, v in named.items() if isinstance(v, tensor)}


def _recorded_graph(recorder: Any, result: Any, form: str, inputs: list[str]) -> OpGraph:
    """Outputs are the last nodes, each of which hands on what an operator computed."""
    outputs = {n: recorder.result(v) for n, v in _outputs(result, recorder.held).items()}
    nodes, tensors = list(recorder.nodes), dict(recorder.tensors)
    for name, source in outputs.items():
        told = tensors[source]
        tensors[name] = OpTensor(told.dtype, told.shape, told.dtype is not None)
        nodes.append(OpNode(f"{name} (handed on)", "identity", [source], [name]))
    used = {name for node in nodes for name in (*node.inputs, *node.outputs)}
    kept = {name: t for name, t in tensors.items() if name in used or name in inputs}
    return OpGraph(form, inputs, list(outputs), nodes, kept)
