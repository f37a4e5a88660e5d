"""ONNX LSTM, GRU and RNN through the import, against onnxruntime."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import itertools

import fovea
import numpy as np
import pytest
from build_tree import ALL, PROGRAM, require
from onnx import TensorProto, helper

onnxruntime = pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
require(PROGRAM, "./dev build")

Array = np.ndarray
GATES = {"LSTM": 4, "GRU": 3, "RNN": 1}
# Of one direction; onnxruntime knows these and their parameters.
FUNCTIONS = {
    "LSTM": (None, (["Sigmoid", "Tanh", "Tanh"], [], []),
             (["HardSigmoid", "Softsign", "ScaledTanh"], [0.25, 1.2], [0.4, 0.7])),
    "GRU": (None, (["Sigmoid", "Relu"], [], []),
            (["HardSigmoid", "LeakyRelu"], [0.25, 0.1], [0.4])),
    "RNN": (None, (["Relu"], [], []), (["Elu"], [0.7], [])),
}  # fmt: skip
DIRECTIONS = ("forward", "reverse", "bidirectional")
CASES = [
    (kind, direction, functions, number)
    for number, (kind, direction, functions) in enumerate(
        itertools.product(GATES, DIRECTIONS, range(3))
    )
]
INPUTS, HIDDEN = 6, 12


def attributes(kind: str, direction: str, functions: int, rng: np.random.Generator) -> dict:
    made: dict[str, object] = {"hidden_size": HIDDEN, "direction": direction}
    if (chosen := FUNCTIONS[kind][functions]) is not None:
        count = 2 if direction == "bidirectional" else 1
        names = ("activations", "activation_alpha", "activation_beta")
        made |= {n: v * count for n, v in zip(names, chosen, strict=True) if v}
    if rng.random() < 0.4:
        made["clip"] = 0.6
    if kind == "LSTM" and rng.random() < 0.3:
        made["input_forget"] = 1
    if kind == "GRU":
        made["linear_before_reset"] = int(rng.random() < 0.5)
    return made


def operands(kind: str, directions: int, rng: np.random.Generator) -> dict[str, Array]:
    """Inputs behind x by name; which optional ones there are is drawn."""
    rows = GATES[kind] * HIDDEN
    shapes = {"w": (directions, rows, INPUTS), "r": (directions, rows, HIDDEN)}
    made = {n: rng.uniform(-0.4, 0.4, shape).astype(np.float32) for n, shape in shapes.items()}
    optional = {"b": (directions, 2 * rows), "lengths": (), "h": (directions, 3, HIDDEN)}
    if kind == "LSTM":
        optional |= {"c": (directions, 3, HIDDEN), "p": (directions, 3 * HIDDEN)}
    for name, shape in optional.items():
        if rng.random() < 0.6:
            made[name] = rng.uniform(-0.5, 0.5, shape).astype(np.float32)
    if "lengths" in made:
        made["lengths"] = np.array([5, 2, 3], np.int32)
    # onnxruntime takes a cell state only beside a hidden one.
    if kind == "LSTM" and ("h" in made) != ("c" in made):
        made.pop("h", None), made.pop("c", None)
    return made


def model(kind: str, given: dict[str, Array], attrs: dict) -> bytes:
    order = ["x", "w", "r", "b", "lengths", "h", "c", "p"]
    used = order[: 1 + max(order.index(name) for name in given)]
    outputs = ["y", "y_h", *(["y_c"] if kind == "LSTM" else [])]
    node = helper.make_node(kind, [n if n in given else "" for n in used], outputs, **attrs)
    slots = []
    for name, array in given.items():
        shape = ["T", "B", INPUTS] if name == "x" else list(array.shape)
        shape = ["B"] if name == "lengths" else shape
        if name in "hc":
            shape[1] = "B"
        element = TensorProto.INT32 if name == "lengths" else TensorProto.FLOAT
        slots.append(helper.make_tensor_value_info(name, element, shape))
    results = [helper.make_tensor_value_info(n, TensorProto.FLOAT, None) for n in outputs]
    graph = helper.make_graph([node], "graph", slots, results)
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 14)], ir_version=8)
    return made.SerializeToString()


@pytest.mark.parametrize(("kind", "direction", "functions", "number"), CASES if ALL else CASES[::4])
def test_import_agrees_with_onnxruntime(
    kind: str, direction: str, functions: int, number: int
) -> None:
    for seed in range(2):
        rng = np.random.default_rng([number, seed])
        attrs = attributes(kind, direction, functions, rng)
        given = operands(kind, 2 if direction == "bidirectional" else 1, rng)
        given = {"x": rng.uniform(-1, 1, (5, 3, INPUTS)).astype(np.float32), **given}
        data = model(kind, given, attrs)
        session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
        want = dict(zip([o.name for o in session.get_outputs()], session.run(None, given),
                        strict=True))  # fmt: skip
        got = fovea.compile(data, threads=1)(**given)
        for name, exact in want.items():
            text = f"{name} of {kind} {attrs} {list(given)}"
            np.testing.assert_allclose(got[name], exact, rtol=2e-5, atol=2e-6, err_msg=text)
