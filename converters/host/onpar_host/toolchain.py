"""A toolchain folder's registry (toolchain.json) and its plug-ins."""

from __future__ import annotations

import importlib
import json
import os
import sys
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from .errors import WorkerError
from .options import with_defaults


@dataclass(frozen=True)
class Plugin:
    """One exporter or runtime: its module, and the request's options with defaults filled in."""

    name: str
    module: ModuleType
    options: dict[str, Any]
    variants: tuple[str, ...] = ()
    taps: bool = False


class Toolchain:
    """Reads `toolchain.json`; plug-in modules are imported when a request names them."""

    def __init__(self, folder: str) -> None:
        self._folder = os.path.abspath(folder)
        with open(os.path.join(self._folder, "toolchain.json"), encoding="utf-8") as file:
            self._registry: dict[str, Any] = json.load(file)
        for folder in (self._folder, *self._used()):
            if folder not in sys.path:
                sys.path.append(folder)
        for key, value in self._registry.get("environment", {}).items():
            os.environ.setdefault(key, value)

    def _used(self) -> list[str]:
        """Folders of toolchains whose code this one needs (`uses`); their packages are in its own lock."""
        beside = os.path.dirname(self._folder)
        return [os.path.join(beside, name) for name in self._registry.get("uses", [])]

    @property
    def name(self) -> str:
        return self._registry["name"]

    @property
    def framework(self) -> str:
        """The import that tells whether an environment can serve this toolchain."""
        return self._registry["framework"]

    def runtime(self, name: str, model_format: str, options: dict[str, Any]) -> Plugin:
        """Raises WorkerError `unknown-runtime`, `option-unknown` or `bad-request`."""
        return self._plugin("runtime", "formats", name, model_format, options)

    def exporter(self, name: str, model_format: str, options: dict[str, Any]) -> Plugin:
        """Raises WorkerError `unknown-exporter`, `option-unknown` or `bad-request`."""
        return self._plugin("exporter", "from", name, model_format, options)

    def target_format(self, exporter: str) -> str:
        """The format that an exporter writes."""
        entries = self._registry["exporters"]
        return next(entry["to"] for entry in entries if entry["name"] == exporter)

    def _plugin(
        self, kind: str, formats_key: str, name: str, model_format: str, options: dict[str, Any]
    ) -> Plugin:
        entries = {entry["name"]: entry for entry in self._registry.get(f"{kind}s", [])}
        if name not in entries:
            raise WorkerError(
                f"unknown-{kind}",
                f"toolchain {self.name} has no {kind} {name}",
                fix=f"use one of: {', '.join(entries) or 'none'}",
            )
        entry = entries[name]
        formats = entry[formats_key]
        if model_format not in formats:
            raise WorkerError(
                "bad-request",
                f"{kind} {name} does not take format {model_format}",
                fix=f"it takes {', '.join(formats)}",
            )
        filled = with_defaults(options, entry.get("options", {}), f"{kind} {name}")
        variants = tuple(entry.get("variants", ()))
        return Plugin(
            name,
            importlib.import_module(entry["module"]),
            filled,
            variants,
            entry.get("taps", False),
        )
