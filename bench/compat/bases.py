"""Writes the reference models of the fault benchmark, with data of their users, and data for other models of the zoo.

python bases.py FOLDER, in the toolchain `onnx`.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "fixtures" / "faults"))

import numpy as np  # noqa: E402
from bases import every_base  # noqa: E402
from kit.samples import user_data  # noqa: E402

DATA = ("typical", "uniform")
"""What calibrated copies are calibrated with, and judged on: as in the fault benchmark."""

ROWS = {"images": (64, 8, 8, 3), "rows": (64, 6, 8), "pictures": (64, 3, 8, 8)}
"""Rows of the Keras and PyTorch models' inputs, by what bench/compat/zoo.js calls them."""


def main(folder: Path) -> None:
    described = {}
    for base in every_base():
        place = folder / base.name
        place.mkdir(parents=True, exist_ok=True)
        (place / "model.onnx").write_bytes(base.model.SerializeToString(deterministic=True))
        np.savez(place / "data.npz", **user_data(base, base.data or DATA))
        told = {i.name: {"range": i.range} for i in base.inputs if i.hint and i.range is not None}
        described[base.name] = {
            "about": base.architecture,
            "inputs": told,
            "dims": base.dims,
            "ties": base.ties,
        }
    random = np.random.default_rng(0)
    for name, shape in ROWS.items():
        np.savez(folder / f"{name}.npz", x=random.normal(size=shape).astype(np.float32))
    (folder / "bases.json").write_text(json.dumps(described, indent=1))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
