"""PyTorch -> ONNX from outside the benchmark, and whole exports that `onnx_pairs.py` edits. Environment: pytorch.

python torch_pairs.py FOLDER
"""

from __future__ import annotations

import json
import shutil
import sys
import warnings
from pathlib import Path

import models
import torch
from torch import nn

warnings.simplefilter("ignore")
SHAPES = {
    "writer": ("tokens", (10,)),
    "seer": ("image", (3, 16, 16)),
    "listener": ("wave", (1, 96)),
    "painter": ("image", (2, 12, 12)),
}
TOKENS = 40


def example(name: str, seed: int = 0, rows: int = 3) -> torch.Tensor:
    shape = SHAPES[name][1]
    made = torch.Generator().manual_seed(seed)
    if name == "writer":
        return torch.randint(0, TOKENS, (rows, *shape), generator=made)
    return torch.randn((rows, *shape), generator=made)


def setting(path: str, value):
    def change(model: nn.Module) -> None:
        *parents, last = path.split(".")
        setattr(model.get_submodule(".".join(parents)), last, value)

    return change


def tensor(path: str, make):
    def change(model: nn.Module) -> None:
        with torch.no_grad():
            found = dict(model.named_parameters())[path]
            found.copy_(make(found.clone()))

    return change


def exchanged(one: str, other: str):
    def change(model: nn.Module) -> None:
        parts = dict(model.named_parameters())
        with torch.no_grad():
            first = parts[one].clone()
            parts[one].copy_(parts[other])
            parts[other].copy_(first)

    return change


def rows_of_gates(t: torch.Tensor) -> torch.Tensor:
    reset, update, new = t.chunk(3)
    return torch.cat([update, reset, new])


def one_row(t: torch.Tensor) -> torch.Tensor:
    t[2] *= 0.97
    return t


# class -> (model, change, codes, layers)
FAULTS = {
    "rms-epsilon": ("writer", setting("blocks.1.norm2.eps", 1e-2), ["epsilon-differs"], ["blocks.1.norm2"]),
    "rotary-late-queries": ("writer", setting("blocks.0.mix.first", 1), ["position-offset"], ["blocks.0.mix"]),
    "attention-unscaled": (
        "writer",
        setting("blocks.1.mix.scale", 1.0),
        ["scaling-differs", "constant-differs"],
        ["blocks.1.mix"],
    ),
    "gate-and-up": (
        "writer",
        exchanged("blocks.0.gate.weight", "blocks.0.up.weight"),
        ["weights-differ"],
        ["blocks.0.gate", "blocks.0.up"],
    ),
    "embedding-row": ("writer", tensor("table.weight", one_row), ["channel-corrupted"], ["table"]),
    "seer-tanh-gelu": ("seer", setting("act", nn.GELU("tanh")), ["activation-variant"], ["act"]),
    "seer-gamma-lost": ("seer", tensor("gamma", torch.ones_like), ["weights-differ", "scaling-differs"], ["gamma"]),
    "seer-kernel-mirrored": ("seer", tensor("wide.weight", lambda t: t.flip(3)), ["channel-order"], ["wide"]),
    "seer-excite-bias": ("seer", tensor("excite.bias", torch.zeros_like), ["bias-dropped"], ["excite"]),
    "seer-pool-window": ("seer", setting("pool", nn.MaxPool2d(2, 2)), ["window-differs"], ["pool"]),
    "listener-gates": ("listener", tensor("gru.weight_ih_l0", rows_of_gates), ["gate-order"], ["gru"]),
    "listener-groups": ("listener", setting("norm.num_groups", 4), ["normalisation-differs"], ["norm"]),
    "listener-square": (
        "listener",
        tensor("gru.weight_hh_l0_reverse", lambda t: torch.cat([p.T for p in t.chunk(3)])),
        ["layout-permuted"],
        ["gru"],
    ),
    "painter-bound": ("painter", setting("act.max_val", 1.0), ["clipping-differs"], ["act"]),
    "painter-bfloat16": (
        "painter",
        tensor("deep.weight", lambda t: t.bfloat16().float()),
        ["dtype-narrowed"],
        ["deep"],
    ),
}


def export(model: nn.Module, name: str, file: Path) -> None:
    with torch.no_grad():
        torch.onnx.export(
            model,
            (example(name, rows=2),),
            str(file),
            input_names=[SHAPES[name][0]],
            output_names=["out"],
            dynamo=True,
            verbose=False,
            external_data=False,
            dynamic_shapes=({0: torch.export.Dim("batch")},),
        )


def main() -> None:
    folder = Path(sys.argv[1])
    place = folder / "torch"
    place.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    shutil.copy(models.__file__, place / "models.py")
    pairs, bases = [], {}
    for name, (key, shape) in SHAPES.items():
        export(getattr(models, name)(), name, place / f"{name}.onnx")
        kind = {"dtype": "int64", "range": [0, TOKENS - 1]} if name == "writer" else {"dtype": "float32", "range": None}
        entry = {"name": key, "shape": ["batch", *shape], "hint": name == "writer", **kind}
        bases[f"torch-{name}"] = {"source": f"torch/models.py:{name}", "dims": {"batch": [2, 1, 3]}, "inputs": [entry]}
        # The whole export is a reference of its own, for edits of graphs as exporters write them.
        bases[f"onnx-{name}"] = {"dims": {"batch": [2, 1, 3]}, "inputs": [entry]}
    for title, (name, change, codes, at) in FAULTS.items():
        whole, model = (getattr(models, name)().double() for _ in range(2))
        change(model)
        value = example(name, 5, 64)
        value = value if name == "writer" else value.double()
        with torch.no_grad():
            right, wrong = whole(value), model(value)
        scaled = float((right - wrong).abs().max() / right.pow(2).mean().sqrt())
        if not scaled > 1e-5:
            raise ValueError(f"{title} is no fault: {scaled}")
        broken = getattr(models, name)()
        change(broken)
        export(broken, name, place / f"{title}.onnx")
        pairs.append(
            {
                "id": f"torch-{name}--{title}",
                "framework": "pytorch",
                "base": f"torch-{name}",
                "class": title,
                "kind": "faulty",
                "reference": f"torch/models.py:{name}",
                "candidate": f"torch/{title}.onnx",
                "precision": "float32",
                "scaled": scaled,
                "label": {
                    "codes": codes,
                    "apart": None,
                    "place": {"at": at, "lines": ["self.gamma"] if at == ["gamma"] else [], "ops": []},
                },
            }
        )
    (folder / "torch.json").write_text(json.dumps({"bases": bases, "pairs": pairs}, indent=1) + "\n")


if __name__ == "__main__":
    main()
