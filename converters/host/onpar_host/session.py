"""What a runtime plug-in gives back: a model that is open and can be run."""

from __future__ import annotations

from typing import Any

from .contract import Contract
from .errors import WorkerError
from .findings import Finding
from .graph import OpGraph
from .tensor import Tensor


class Session:
    """An open model. A runtime's `open_model` returns a subclass.

    A sample goes through `prepare`, `execute`, `collect`; only `execute` is timed. Each may raise:
    `prepare` answers `input-mismatch`, the others `run-failed`, for that sample alone.
    """

    def __init__(
        self,
        contract: Contract,
        facts: dict[str, Any] | None = None,
        findings: list[Finding] | None = None,
    ) -> None:
        self.contract = contract
        self.facts: dict[str, Any] = facts or {}
        self.findings: list[Finding] = findings or []
        self.graph_facts: dict[str, Any] = {}
        """What came out while `graph` was answered: how it was made."""
        self.apart: dict[str, float] = {}
        """Outputs that differed while the last sample was tapped, relative to their rms."""

    def prepare(self, inputs: dict[str, Tensor]) -> Any:
        """The framework's own form of the inputs. They are read-only views: copy what may be written."""
        raise NotImplementedError

    def execute(self, feed: Any) -> Any:
        """Runs the model once."""
        raise NotImplementedError

    def collect(self, result: Any) -> dict[str, Tensor]:
        """Named outputs in the model's order."""
        raise NotImplementedError

    def example(self, feed: Any) -> None:
        """Inputs of a sample, before `graph`, for models whose graph is found by running them."""

    def graph(self) -> OpGraph:
        """What the model computes. Only of sessions opened with `taps`.

        Raises WorkerError `taps-unsupported` where this model cannot be looked into.
        """
        raise WorkerError("taps-unsupported", "this runtime does not tell what a model computes")

    def execute_tapped(
        self, feed: Any, names: list[str]
    ) -> tuple[Any, dict[str, Tensor], dict[str, str]]:
        """Runs the model once and gives out tensors of its graph.

        Returns what `execute` returns, the tensors by name, and of those that could not be had the
        reason. The result is that of `execute`, or the run says so by failing. Where the tensors come
        of a run of their own, `apart` says how far its outputs are from that result.
        """
        raise WorkerError("taps-unsupported", "this runtime gives out no intermediate values")

    def mutated_inputs(self, feed: Any, inputs: dict[str, Tensor]) -> list[str]:
        """Names of inputs that the run wrote into; frameworks that cannot do so keep this."""
        return []

    def state(self) -> dict[str, Any]:
        """What running could change, by name: values that are equal while it has not changed.

        Small tensors as their bytes, large ones as whatever the framework counts writes with.
        Frameworks whose models hold no state keep this.
        """
        return {}

    def generators(self) -> dict[str, bytes]:
        """Where the framework's own random generators stand, by name; empty: it cannot tell."""
        return {}

    def example_inputs(self) -> dict[str, Tensor] | None:
        """What the model's file offers as `example_inputs()`, or None."""
        return None

    def dependencies(self) -> list[str]:
        """Files that the framework read outside Python's view, beyond the model itself."""
        return []

    def close(self) -> None:
        """Frees what the framework holds."""
