"""Calibration rows as onnx2tf reads them: one npy for each input, laid out as in the file."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
from onpar_host.errors import WorkerError

from .inputs import Axes


def calibration_files(
    feeds: list[dict[str, Any]], inputs: list[Axes], batch: int | None, folder: str
) -> list[list[Any]]:
    """`[[name, path, mean, std]]` of `-cind`; mean 0 and std 1, since the rows are what the model takes.

    Raises WorkerError `export-failed` where they do not fill a batch.
    """
    if not feeds:
        return []
    # onnx2tf feeds as many rows at once as the batch is fixed at, and knows no rest.
    whole = len(feeds) - len(feeds) % (batch or 1)
    if whole == 0:
        raise WorkerError(
            "export-failed",
            f"the calibration files hold {len(feeds)} batches, which do not fill one of {batch} rows",
            fix="give more rows, or a smaller `batch`",
        )
    found: list[list[Any]] = []
    for place, one in enumerate(inputs):
        rows = np.concatenate([feed[one.name] for feed in feeds[:whole]])
        path = os.path.join(folder, f"calibration-{place}.npy")
        np.save(path, rows.transpose(one.layout) if one.layout else rows)
        found.append([one.name, path, 0.0, 1.0])
    return found
