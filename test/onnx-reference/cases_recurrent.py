"""Recurrent operators and graphs inside graphs."""

import numpy as np
import onnx
from onnx import TensorProto, helper
from table import CASES, Case, case, f, model_of

T, B, I, H = 5, 3, 4, 2
GATES = {"LSTM": 4, "GRU": 3, "RNN": 1}
lens = np.array([5, 2, 4], np.int32)
for op, gates in GATES.items():
    outputs = 3 if op == "LSTM" else 2
    for direction, d in (("forward", 1), ("reverse", 1), ("bidirectional", 2)):
        w, r, b = f("w", d, gates * H, I), f("r", d, gates * H, H), f("b", d, 2 * gates * H)
        h = f("h", d, B, H)
        states = (h, f("c", d, B, H)) if op == "LSTM" else (h,)
        common = {"hidden_size": H, "direction": direction, "outputs": outputs, "opset": 14}
        case(op, f("x", T, B, I), w, r, b, None, *states, **common, note=direction)
        case(
            op,
            f("x", T, B, I),
            w,
            r,
            b,
            lens,
            *states,
            **common,
            note=f"{direction}, lengths",
            defect=True,
        )
    w, r = f("w", 1, gates * H, I), f("r", 1, gates * H, H)
    case(op, f("x", T, B, I), w, r, hidden_size=H, opset=14, note="no bias")
    case(op, f("x", T, B, I), w, r, hidden_size=H, opset=14, clip=0.3, note="clip", defect=True)
case(
    "GRU",
    f("x", T, B, I),
    f("w", 1, 3 * H, I),
    f("r", 1, 3 * H, H),
    f("b", 1, 6 * H),
    hidden_size=H,
    linear_before_reset=1,
    outputs=2,
    opset=14,
    note="linear before reset",
)
case(
    "LSTM",
    f("x", T, B, I),
    f("w", 1, 4 * H, I),
    f("r", 1, 4 * H, H),
    f("b", 1, 8 * H),
    None,
    None,
    None,
    f("p", 1, 3 * H),
    hidden_size=H,
    outputs=3,
    opset=14,
    note="peepholes",
)
case(
    "LSTM",
    f("x", T, B, I),
    f("w", 1, 4 * H, I),
    f("r", 1, 4 * H, H),
    hidden_size=H,
    opset=14,
    activations=["HardSigmoid", "Relu", "Softsign"],
    note="activations",
    defect=True,
)
case(
    "RNN",
    f("x", T, B, I),
    f("w", 1, H, I),
    f("r", 1, H, H),
    hidden_size=H,
    opset=14,
    activations=["Relu"],
    note="Relu",
    defect=True,
)


def info(
    name: str, dtype: int = TensorProto.FLOAT, shape: list[int] | None = None
) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, dtype, shape)


def loop(note: str, shape: list[int], condition: str, defect: bool) -> None:
    """Carries a sum, scans every state, reads `outer` from around."""
    body = helper.make_graph(
        [
            helper.make_node("Identity", ["going"], ["still"]),
            helper.make_node("Mul", ["state", "outer"], ["next"]),
            helper.make_node("Identity", ["next"], ["scan"]),
        ],
        "body",
        [
            info("i", TensorProto.INT64, []),
            info("going", TensorProto.BOOL, []),
            info("state", shape=shape),
        ],
        [info("still", TensorProto.BOOL, []), info("next", shape=shape), info("scan", shape=shape)],
    )
    node = helper.make_node("Loop", ["trips", condition, "start"], ["end", "all"], body=body)
    feeds = {
        "trips": np.array(4, np.int64),
        "start": np.asarray(f("s", *shape)),
        "outer": np.asarray(f("o", *shape)),
    }
    if condition:
        feeds["on"] = np.array(True)
    model = model_of([node], feeds, ["end", "all"], 17)
    CASES.append(Case(f"Loop {note}", model, feeds, defect))


loop("over vectors", [3], "on", False)
loop("over matrices", [2, 3], "on", True)
loop("over scalars", [], "on", True)
loop("without condition", [3], "", True)


def scan(note: str, defect: bool, **attributes: list[int]) -> None:
    """A running sum."""
    body = helper.make_graph(
        [
            helper.make_node("Add", ["state", "slice"], ["next"]),
            helper.make_node("Exp", ["next"], ["out"]),
        ],
        "body",
        [info("state", shape=[3]), info("slice", shape=[3])],
        [info("next", shape=[3]), info("out", shape=[3])],
    )
    node = helper.make_node(
        "Scan", ["start", "x"], ["end", "all"], body=body, num_scan_inputs=1, **attributes
    )
    x = f("x", 3, 4) if attributes.get("scan_input_axes") else f("x", 4, 3)
    feeds = {"start": f("s", 3), "x": x}
    CASES.append(Case(f"Scan {note}", model_of([node], feeds, ["end", "all"], 17), feeds, defect))


scan("plain", False)
scan("backwards", True, scan_input_directions=[1], scan_output_directions=[1])
scan("other axes", True, scan_input_axes=[1], scan_output_axes=[1])

branch = [
    helper.make_graph([helper.make_node(op, ["x"], [op])], op, [], [info(op, shape=[3])])
    for op in ("Exp", "Sin")
]
feeds = {"x": f("x", 3), "on": np.array(False)}
node = helper.make_node("If", ["on"], ["y"], then_branch=branch[0], else_branch=branch[1])
CASES.append(Case("If", model_of([node], feeds, ["y"], 17), feeds))
