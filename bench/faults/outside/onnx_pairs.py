"""ONNX <-> ONNX from outside the benchmark: whole exports with one edit in the graph. Environment: onnx.

python onnx_pairs.py FOLDER        # after torch_pairs.py
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from types import SimpleNamespace

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "fixtures" / "faults"))

import numpy as np
import onnx
from kit.graph import Graph
from onnx.reference import ReferenceEvaluator
from places import Model, edited, named, neighbours

FAULTS = []


def fault(name: str, base: str, *codes: str):
    return lambda apply: FAULTS.append((name, base, codes, apply))


def node(g: Graph, name: str) -> onnx.NodeProto:
    return next(n for n in g.graph.node if n.name == name)


@fault("rotation-without-minus", "writer", "operator-differs")
def _(g):
    node(g, "node_sub_20").op_type = "Add"


@fault("masked-with-zero", "writer", "mask-differs")
def _(g):
    mine = node(g, "node_masked_fill")
    at = next(i for i in (1, 2) if g.value(mine.input[i]) is not None)
    g.own(mine, at, np.float32(0))


@fault("softmax-of-queries", "writer", "axis-differs")
def _(g):
    g.set(node(g, "node_softmax_1"), axis=2)


@fault("gate-is-up", "writer", "wiring-differs", "operands-swapped")
def _(g):
    # silu(gate) * up becomes gate * silu(up): the sigmoid is multiplied by the other branch.
    mine = node(g, "node_Sigmoid_71")
    mine.input[0] = node(g, "node_linear_5").output[0]


@fault("residual-from-before", "writer", "wiring-differs")
def _(g):
    add = node(g, "node_add_523")
    early = node(g, "node_add_261").output[0]
    late = node(g, "node_add_473").output[0]
    add.input[:] = [early if t == late else t for t in add.input]


@fault("bias-shared", "writer", "weights-differ", "wiring-differs")
def _(g):
    mine, other = node(g, "node_linear_4"), node(g, "node_linear_5")
    at, theirs = (next(i for i in (0, 1) if g.value(n.input[i]) is not None) for n in (mine, other))
    mine.input[at] = other.input[theirs]


@fault("layer-norm-in-half", "seer", "dtype-narrowed")
def _(g):
    g.wrap(node(g, "node_layer_norm"), lambda x: g.op("Cast", g.op("Cast", x, to=10), to=1))


@fault("gate-added", "seer", "operator-differs")
def _(g):
    node(g, "node_mul_31").op_type = "Add"


@fault("channels-by-height", "seer", "layout-permuted")
def _(g):
    g.set(node(g, "node_permute_1"), perm=[0, 3, 2, 1])


@fault("squeeze-max", "seer", "operator-differs")
def _(g):
    node(g, "node_mean").op_type = "ReduceMax"


@fault("depthwise-one-channel", "seer", "channel-corrupted")
def _(g):
    mine = node(g, "node_conv2d_1")
    w = g.value(mine.input[1])
    w[5] = 0
    g.own(mine, 1, w)


@fault("stem-mirrored-pads", "listener", "padding-differs")
def _(g):
    g.set(node(g, "node_conv1d"), auto_pad=None, pads=[3, 1])


@fault("gated-halves", "listener", "channel-order", "wiring-differs")
def _(g):
    split = node(g, "n0")
    split.output[0], split.output[1] = split.output[1], split.output[0]


@fault("probabilities", "listener", "activation-variant")
def _(g):
    node(g, "node_log_softmax").op_type = "Softmax"


@fault("gru-resets-late", "listener", "recurrence-differs")
def _(g):
    mine = node(g, "node_gru__1")
    g.set(mine, linear_before_reset=1 - g.attr(mine, "linear_before_reset", 0))


@fault("kept-after-made", "painter", "channel-order")
def _(g):
    mine = node(g, "node_cat")
    mine.input[:] = list(mine.input)[::-1]


@fault("softplus-as-relu", "painter", "activation-variant")
def _(g):
    node(g, "n3_2").op_type = "Relu"


@fault("pooled-maximum", "painter", "operator-differs")
def _(g):
    mine = node(g, "node_avg_pool2d")
    mine.op_type = "MaxPool"
    g.set(mine, count_include_pad=None)


def feeds(base: dict) -> dict[str, np.ndarray]:
    random, made = np.random.default_rng(6), {}
    for given in base["inputs"]:
        shape = [3, *given["shape"][1:]]
        made[given["name"]] = (
            random.integers(*given["range"], shape)
            if given["dtype"] == "int64"
            else random.normal(size=shape).astype(np.float32)
        )
    return made


def main() -> None:
    folder = Path(sys.argv[1])
    (folder / "onnx").mkdir(exist_ok=True)
    bases = json.loads((folder / "torch.json").read_text())["bases"]
    pairs = []
    for title, base, codes, apply in FAULTS:
        model = onnx.load(folder / "torch" / f"{base}.onnx")
        graph = Graph(SimpleNamespace(model=model))
        graph.check = False
        apply(graph)
        broken = graph.finish()
        # What was inferred for the whole graph may be wrong for the broken one.
        del broken.graph.value_info[:]
        onnx.checker.check_model(broken)
        given = feeds(bases[f"onnx-{base}"])
        right, wrong = (ReferenceEvaluator(m).run(None, given)[0] for m in (model, broken))
        scaled = float(np.abs(right - wrong).max() / np.sqrt((right**2).mean()))
        if not scaled > 1e-5:
            raise ValueError(f"{title} is no fault: {scaled}")
        (folder / "onnx" / f"{title}.onnx").write_bytes(broken.SerializeToString(deterministic=True))
        reference = Model(model)
        at = edited(reference, Model(broken))
        place = {key: sorted(named(reference, some)) for key, some in [("at", at), ("near", neighbours(reference, at))]}
        pairs.append(
            {
                "id": f"onnx-{base}--{title}",
                "framework": "onnx",
                "base": f"onnx-{base}",
                "class": title,
                "kind": "faulty",
                "reference": f"torch/{base}.onnx",
                "candidate": f"onnx/{title}.onnx",
                "precision": "float32",
                "scaled": scaled,
                "label": {"codes": codes, "apart": None, "place": place},
            }
        )
    (folder / "onnx.json").write_text(json.dumps({"bases": {}, "pairs": pairs}, indent=1) + "\n")


if __name__ == "__main__":
    main()
