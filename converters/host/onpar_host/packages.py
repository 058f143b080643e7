"""Packages of the environment: versions, and importing a framework with an answer when it is not there."""

from __future__ import annotations

import importlib
import importlib.metadata
import re
import sys
from types import ModuleType

from .errors import WorkerError, describe_exception
from .local_modules import keep_framework

DISTRIBUTIONS = {
    "sklearn": "scikit-learn",
    "ai_edge_litert": "ai-edge-litert",
    "yaml": "pyyaml",
    "cv2": "opencv-python-headless",
    "PIL": "pillow",
}
"""Import name → name to install, where they differ."""


def installed_packages() -> dict[str, str]:
    """Every installed distribution under its normalised name, with its version."""
    found: dict[str, str] = {}
    for distribution in importlib.metadata.distributions():
        name = distribution.metadata["Name"]
        if name:
            found.setdefault(re.sub(r"[-_.]+", "-", name).lower(), distribution.version)
    return dict(sorted(found.items()))


def distribution_of(module: str) -> str:
    """What to `pip install` for a module."""
    top = module.partition(".")[0]
    return DISTRIBUTIONS.get(top, top.replace("_", "-"))


def package_version(distribution: str) -> str:
    """The installed version, or `unknown`."""
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return "unknown"


def require(module: str) -> ModuleType:
    """Imports a framework. Raises WorkerError `package-missing` with the command that installs it."""
    keep_framework(module)
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        missing = distribution_of(error.name or module)
        wanted = distribution_of(module)
        needs = "" if missing == wanted else f", which {wanted} needs"
        raise WorkerError(
            "package-missing",
            f"the environment {sys.prefix} lacks {missing}{needs}",
            fix=f"pip install {missing} there, or leave --python out to use onpar's own environment",
        ) from error
    except Exception as error:
        against = violated(distribution_of(module))
        if against:
            raise WorkerError(
                "versions-incompatible",
                f"{distribution_of(module)} in {sys.prefix} does not import, and its packages do not "
                f"fit together: {'; '.join(against)} ({describe_exception(error)})",
                fix="install versions that do: "
                f"pip install --upgrade {distribution_of(module)} there resolves them anew",
            ) from error
        raise WorkerError(
            "package-missing",
            f"{distribution_of(module)} is installed in {sys.prefix} but does not import: "
            f"{describe_exception(error)}",
            fix=f"pip install --force-reinstall {distribution_of(module)} there",
        ) from error


def violated(distribution: str) -> list[str]:
    """Requirements of a distribution, and of those that it requires, that the environment does not
    meet: `onnxscript 0.7.2 requires onnx>=1.17, onnx 1.12.0 is installed`. Empty without `packaging`.
    """
    try:
        from packaging.requirements import InvalidRequirement, Requirement
    except ImportError:
        return []
    found: list[str] = []
    seen: set[str] = set()
    waiting = [distribution]
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        for text in _requires(name):
            try:
                wanted = Requirement(text)
            except InvalidRequirement:
                continue
            if wanted.marker is not None and not wanted.marker.evaluate({"extra": ""}):
                continue
            has = package_version(wanted.name)
            if has == "unknown":
                found.append(
                    f"{name} {package_version(name)} requires {wanted}, which is not installed"
                )
            elif not wanted.specifier.contains(has, prereleases=True):
                found.append(
                    f"{name} {package_version(name)} requires {wanted.name}{wanted.specifier}, "
                    f"{wanted.name} {has} is installed"
                )
            else:
                waiting.append(wanted.name)
    return found


def _requires(distribution: str) -> list[str]:
    try:
        return importlib.metadata.requires(distribution) or []
    except importlib.metadata.PackageNotFoundError:
        return []
