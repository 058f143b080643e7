"""What an exporter built on torch.export says when it fails: its reason, the user's line, a way out."""

from __future__ import annotations

import re

from onpar_host.errors import WorkerError, describe_exception
from onpar_host.exporting import ExportJob
from onpar_host.tracebacks import shown_path, trimmed_traceback, user_location

USER_CODE = re.compile(r'File "([^"\n]+)", line (\d+)')
"""How torch.export quotes the user's code inside its message: the innermost frame comes last."""


def export_error(
    error: Exception, job: ExportJob, exporter: str, otherwise: str, fixed_size: str = ""
) -> WorkerError:
    """The exporter wraps the reason in pages about itself; the reason is the innermost cause.

    `otherwise`: the fix where the reason suggests none. `fixed_size`: what else helps where the
    model fixes a dynamic dimension, as torch.export does with the time steps of nn.LSTM.
    """
    reason: BaseException = error
    while reason.__cause__ is not None:
        reason = reason.__cause__
    root = job.model.root
    where = user_location(reason, root) or _quoted_location(str(reason), root)
    where = where or user_location(error, root) or _quoted_location(str(error), root)
    place = f" at {where}" if where else ""
    text = describe_exception(reason, root)
    return WorkerError(
        "export-failed",
        f"{exporter} could not export {job.model.shown}{place}: {text}",
        fix=_fix(str(reason), fixed_size) or otherwise,
        detail=trimmed_traceback(reason, root),
    )


def _quoted_location(text: str, root: str) -> str | None:
    """`model.py:12` of the innermost frame below root that the message quotes."""
    own = [(path, line) for path, line in USER_CODE.findall(text) if shown_path(path, root) != path]
    return f"{shown_path(own[-1][0], root)}:{own[-1][1]}" if own else None


def _fix(text: str, fixed_size: str) -> str | None:
    if "data-dependent" in text or "GuardOnDataDependent" in text:
        return "replace the branch on a tensor's value by torch.where or torch.cond"
    if re.search(r"specializ|Constraints violated|inferred a static shape", text, re.IGNORECASE):
        fixed = "a dimension the suite calls dynamic is fixed by the model: give it as a number"
        return f"{fixed}, or {fixed_size}" if fixed_size else fixed
    return None
