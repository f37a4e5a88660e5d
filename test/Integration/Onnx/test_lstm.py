"""ONNX LSTM with clip and peepholes: the clip bounds all of what enters an activation."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

from pathlib import Path

import fovea
import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

STEPS, BATCH, WIDTH, HIDDEN, CLIP = 6, 3, 5, 9, 0.4
Weights = dict[str, np.ndarray]


def weights(directions: int) -> Weights:
    rng = np.random.default_rng(3)
    shapes = {"w": (4 * HIDDEN, WIDTH), "r": (4 * HIDDEN, HIDDEN), "b": (8 * HIDDEN,),
              "p": (3 * HIDDEN,)}  # fmt: skip
    return {
        name: rng.standard_normal((directions, *shape)).astype(np.float32)
        for name, shape in shapes.items()
    }


def model(tensors: Weights, direction: str) -> onnx.ModelProto:
    directions = len(tensors["w"])
    node = helper.make_node(
        "LSTM", ["x", "w", "r", "b", "", "", "", "p"], ["y", "y_h", "y_c"],
        hidden_size=HIDDEN, clip=CLIP, direction=direction,
    )  # fmt: skip
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["steps", "batch", WIDTH])
    outputs = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in ("y", "y_h", "y_c")
    ]
    initializers = [numpy_helper.from_array(array, name) for name, array in tensors.items()]
    graph = helper.make_graph([node], "lstm", [x], outputs, initializers)
    assert directions == (2 if direction == "bidirectional" else 1)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def one_direction(x: np.ndarray, tensors: Weights, at: int, clip_first: bool) -> np.ndarray:
    """Outputs [T, B, H] in float64; `clip_first` is the wrong order for the output gate."""
    w, r, b, p = (tensors[name][at].astype(np.float64) for name in "wrbp")
    pi, po, pf = np.split(p, 3)
    h = c = np.zeros((x.shape[1], HIDDEN))
    rows = []
    for xt in x.astype(np.float64):
        i, o, f, g = np.split(xt @ w.T + h @ r.T + b[: 4 * HIDDEN] + b[4 * HIDDEN :], 4, axis=-1)
        i, f = (sigmoid(np.clip(s + q * c, -CLIP, CLIP)) for s, q in ((i, pi), (f, pf)))
        c = f * c + i * np.tanh(np.clip(g, -CLIP, CLIP))
        o = np.clip(o, -CLIP, CLIP) + po * c if clip_first else np.clip(o + po * c, -CLIP, CLIP)
        h = sigmoid(o) * np.tanh(c)
        rows.append(h)
    return np.stack(rows)


def expected(x: np.ndarray, tensors: Weights, direction: str, wrong: bool = False) -> np.ndarray:
    """y [T, D, B, H]."""
    parts = []
    for at in range(len(tensors["w"])):
        backwards = direction == "reverse" or at == 1
        y = one_direction(x[::-1] if backwards else x, tensors, at, wrong)
        parts.append(y[::-1] if backwards else y)
    return np.stack(parts, axis=1)


@pytest.mark.parametrize("direction", ["forward", "reverse", "bidirectional"])
def test_clip_comes_behind_the_peepholes(tmp_path: Path, direction: str) -> None:
    tensors = weights(2 if direction == "bidirectional" else 1)
    path = tmp_path / "lstm.onnx"
    onnx.save(model(tensors, direction), path)
    x = np.random.default_rng(4).standard_normal((STEPS, BATCH, WIDTH)).astype(np.float32)
    y = fovea.compile(path)(x=x)["y"]
    want = expected(x, tensors, direction)
    np.testing.assert_allclose(y, want, atol=2e-6, rtol=0)
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    np.testing.assert_allclose(y, session.run(None, {"x": x})[0], atol=5e-6, rtol=0)
    # The case tells the two orders apart.
    assert np.abs(want - expected(x, tensors, direction, wrong=True)).max() > 1e-3
