"""The model that a request names."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

from .errors import WorkerError
from .tracebacks import shown_path


@dataclass(frozen=True)
class Model:
    """`{format, path, callable?, weights?, root, trust}` of the protocol; paths are absolute."""

    format: str
    path: str
    root: str
    callable: str | None = None
    weights: str | None = None
    trust: bool = False

    @staticmethod
    def from_json(params: dict[str, Any]) -> Model:
        """Raises WorkerError `bad-request` without a path, `model-file-missing` for a missing one."""
        try:
            path, form = str(params["path"]), str(params["format"])
        except KeyError as error:
            raise WorkerError("bad-request", f"the model lacks {error}") from error
        root = str(params.get("root") or os.path.dirname(path))
        model = Model(
            format=form,
            path=path,
            root=root.rstrip(os.sep) or os.sep,
            callable=params.get("callable") or None,
            weights=params.get("weights") or None,
            trust=bool(params.get("trust", False)),
        )
        for each, what in ((model.path, "model"), (model.weights, "weights")):
            if each is not None and not os.path.exists(each):
                raise WorkerError(
                    "model-file-missing",
                    f"the {what} file {shown_path(each, model.root)} does not exist",
                    fix=f"check the path; it was looked for at {each}",
                )
        return model

    @property
    def shown(self) -> str:
        """The path as messages show it, with the callable."""
        shown = shown_path(self.path, self.root)
        return f"{shown}:{self.callable}" if self.callable else shown

    @property
    def is_python(self) -> bool:
        return self.path.endswith(".py")

    @property
    def import_folders(self) -> list[str]:
        """What goes on sys.path: the file's import root first (as for a script), then the suite's."""
        return [import_root(self.path), self.root] if self.is_python else [self.root]

    def require_trust(self, why: str) -> None:
        """Raises WorkerError `trust-required` unless the suite says `trust: true`."""
        if not self.trust:
            raise WorkerError(
                "trust-required",
                f"{shown_path(self.path, self.root)} {why}, which runs code when it is opened",
                fix="say `trust: true` in the suite (or --trust) if you trust where it came from",
            )


def import_root(path: str) -> str:
    """The nearest folder above the file that is no package, so that relative imports work."""
    folder = os.path.dirname(path)
    while os.path.isfile(os.path.join(folder, "__init__.py")):
        folder = os.path.dirname(folder)
    return folder
