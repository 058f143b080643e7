"""scikit-learn -> ONNX from outside the benchmark. Environment: sklearn.

python sklearn_pairs.py FOLDER
"""

from __future__ import annotations

import copy
import json
import sys
from pathlib import Path

import joblib
import numpy as np
import onnx
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType
from sklearn.decomposition import PCA
from sklearn.ensemble import ExtraTreesRegressor
from sklearn.linear_model import Ridge
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import RobustScaler, StandardScaler


def data() -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(23)
    x = (random.normal(size=(240, 5)) * [1, 4, 0.3, 2, 8] + [0, 3, 1, -2, 10]).astype(np.float32)
    return x, (np.sin(x[:, 0]) * 3 + x[:, 1] * 0.5 - x[:, 3] * x[:, 2]).astype(np.float32)


MODELS = {
    "ridge": lambda: make_pipeline(RobustScaler(), PCA(4), Ridge()),
    "network": lambda: make_pipeline(
        StandardScaler(), MLPRegressor(hidden_layer_sizes=(12, 6), activation="tanh", max_iter=300, random_state=4)
    ),
    "trees": lambda: ExtraTreesRegressor(10, max_depth=5, random_state=4),
}


def centre(model) -> None:
    model[0].center_ = np.zeros_like(model[0].center_)


def components(model) -> None:
    model[1].components_ = model[1].components_[[1, 0, 2, 3]]


def coefficient(model) -> None:
    model[-1].coef_ = model[-1].coef_ * [1, 1, 0.98, 1]


def hidden_bias(model) -> None:
    model[-1].intercepts_[1] = np.zeros_like(model[-1].intercepts_[1])


def logistic(model) -> None:
    model[-1].activation = "logistic"


def thresholds(model) -> None:
    for tree in model.estimators_:
        tree.tree_.threshold[:] += 0.5


def leaves(model) -> None:
    model.estimators_[3].tree_.value[:] *= 0.5


FAULTS = {
    "centre-lost": ("ridge", centre, ["scaling-differs", "weights-differ", "operator-missing"], ["RobustScaler"]),
    "components-exchanged": ("ridge", components, ["channel-order"], ["PCA"]),
    "one-coefficient": ("ridge", coefficient, ["channel-corrupted"], ["Ridge"]),
    "hidden-bias": ("network", hidden_bias, ["bias-dropped"], ["MLPRegressor"]),
    "logistic-for-tanh": ("network", logistic, ["activation-variant", "operator-differs"], ["MLPRegressor"]),
    "thresholds-late": ("trees", thresholds, ["comparison-differs"], ["ExtraTreesRegressor"]),
    "leaves-of-one-tree": ("trees", leaves, ["weights-differ"], ["ExtraTreesRegressor"]),
}


def exported(model, dtype: np.dtype) -> onnx.ModelProto:
    """skl2onnx answers in float32; where predict answers in float64, a Cast ends the artifact."""
    proto = to_onnx(model, initial_types=[("x", FloatTensorType([None, 5]))])
    graph = proto.graph
    if dtype == np.float64:
        name = graph.output[0].name
        for node in graph.node:
            node.output[:] = ["narrow" if t == name else t for t in node.output]
        graph.node.append(onnx.helper.make_node("Cast", ["narrow"], [name], to=onnx.TensorProto.DOUBLE))
        graph.output[0].type.tensor_type.elem_type = onnx.TensorProto.DOUBLE
    return proto


def main() -> None:
    folder = Path(sys.argv[1])
    place = folder / "sklearn"
    place.mkdir(parents=True, exist_ok=True)
    x, y = data()
    np.savez(place / "data.npz", x=x[:100])
    bases, pairs, fitted = {}, [], {}
    for name, make in MODELS.items():
        fitted[name] = make().fit(x, y)
        joblib.dump(fitted[name], place / f"{name}.joblib")
        whole = exported(fitted[name], fitted[name].predict(x).dtype)
        (place / f"{name}.onnx").write_bytes(whole.SerializeToString())
        bases[f"sklearn-{name}"] = {
            "source": f"sklearn/{name}.joblib",
            "trust": True,
            "dims": {},
            "inputs": [{"name": "x", "dtype": "float32", "shape": ["batch", 5]}],
            "samples": ["sklearn/data.npz", "portfolio"],
        }
    for title, (base, change, codes, at) in FAULTS.items():
        broken = copy.deepcopy(fitted[base])
        change(broken)
        right, wrong = (m.predict(x.astype(float)) for m in (fitted[base], broken))
        scaled = float(np.abs(right - wrong).max() / np.sqrt((right**2).mean()))
        if not scaled > 1e-4:
            raise ValueError(f"{title} is no fault: {scaled}")
        proto = exported(broken, fitted[base].predict(x).dtype)
        (place / f"{title}.onnx").write_bytes(proto.SerializeToString())
        pairs.append(
            {
                "id": f"sklearn-{base}--{title}",
                "framework": "sklearn",
                "base": f"sklearn-{base}",
                "class": title,
                "kind": "faulty",
                "reference": f"sklearn/{base}.joblib",
                "candidate": f"sklearn/{title}.onnx",
                "precision": "float32",
                "scaled": scaled,
                "label": {"codes": codes, "apart": None, "place": {"at": at, "lines": [], "ops": []}},
            }
        )
    (folder / "sklearn.json").write_text(json.dumps({"bases": bases, "pairs": pairs}, indent=1) + "\n")


if __name__ == "__main__":
    main()
