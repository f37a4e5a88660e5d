"""ONNX recurrences: attributes of other opsets, batch-major layout, and lengths out of range."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import fovea
import numpy as np
import onnxruntime
import pytest
from onnx import TensorProto, helper

GATES = {"LSTM": 4, "GRU": 3, "RNN": 1}
INPUTS, HIDDEN = 5, 9


def model(kind: str, opset: int = 14, given: tuple[str, ...] = (), **attributes: object) -> bytes:
    """A node of x, w, r and of what is `given` out of lengths, h and c."""
    rows, major = GATES[kind] * HIDDEN, attributes.get("layout") == 1
    directions = 2 if attributes.get("direction") == "bidirectional" else 1
    state = ["B", directions, HIDDEN] if major else [directions, "B", HIDDEN]
    shapes = {"x": ["B", "T", INPUTS] if major else ["T", "B", INPUTS],
              "w": [directions, rows, INPUTS], "r": [directions, rows, HIDDEN],
              "lengths": ["B"], "h": state, "c": state}  # fmt: skip
    names = ["x", "w", "r", "", *(n if n in given else "" for n in ("lengths", "h", "c"))]
    while not names[-1]:
        names.pop()
    outputs = ["y", "y_h", *(["y_c"] if kind == "LSTM" else [])]
    node = helper.make_node(kind, names, outputs, name="cell", hidden_size=HIDDEN, **attributes)
    slots = [
        helper.make_tensor_value_info(
            n, TensorProto.INT32 if n == "lengths" else TensorProto.FLOAT, shapes[n]
        )
        for n in names
        if n
    ]
    results = [helper.make_tensor_value_info(n, TensorProto.FLOAT, None) for n in outputs]
    graph = helper.make_graph([node], "graph", slots, results)
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)
    return made.SerializeToString()


def values(kind: str, directions: int, *states: str, major: bool = False) -> dict[str, np.ndarray]:
    """Of 6 steps and 3 rows."""
    rng, rows = np.random.default_rng(8), GATES[kind] * HIDDEN
    shapes = {"x": (6, 3, INPUTS), "w": (directions, rows, INPUTS),
              "r": (directions, rows, HIDDEN)}  # fmt: skip
    shapes |= dict.fromkeys(states, (directions, 3, HIDDEN))
    made = {n: rng.uniform(-0.5, 0.5, shape).astype(np.float32) for n, shape in shapes.items()}
    for name in ("x", *states) if major else ():
        made[name] = np.ascontiguousarray(made[name].swapaxes(0, 1))
    return made


@pytest.mark.parametrize(("kind", "opset", "name"), [
    ("GRU", 14, "output_sequence"), ("LSTM", 17, "output_sequence"), ("RNN", 7, "output_sequence"),
    ("RNN", 14, "linear_before_reset"), ("GRU", 14, "input_forget"), ("LSTM", 13, "layout"),
])  # fmt: skip
def test_attributes_of_other_opsets_are_refused(kind: str, opset: int, name: str) -> None:
    reason = f"{kind} has no attribute '{name}' in opset {opset}"
    with pytest.raises(fovea.FoveaError, match=f"(?s)FV0104.*{reason}"):
        fovea.compile(model(kind, opset, **{name: 1}))
    with pytest.raises(Exception, match=name):
        onnxruntime.InferenceSession(model(kind, opset, **{name: 1}))


@pytest.mark.parametrize("kind", GATES)
@pytest.mark.parametrize("direction", ["forward", "reverse", "bidirectional"])
def test_batch_major_is_time_major_with_dimensions_exchanged(kind: str, direction: str) -> None:
    """onnxruntime has no layout 1; the definition says what it is."""
    states = ("h", "c") if kind == "LSTM" else ("h",)
    directions = 2 if direction == "bidirectional" else 1
    results = []
    for major in (False, True):
        data = model(kind, given=("lengths", *states), layout=int(major), direction=direction)
        given = values(kind, directions, *states, major=major)
        given["lengths"] = np.array([6, 0, 4], np.int32)
        results.append(fovea.compile(data, threads=1)(**given))
    time, batch = results
    np.testing.assert_array_equal(batch["y"], time["y"].transpose(2, 0, 1, 3))
    for name in time.keys() - {"y"}:
        np.testing.assert_array_equal(batch[name], time[name].swapaxes(0, 1))


@pytest.mark.parametrize("kind", GATES)
def test_a_row_of_no_steps_keeps_its_initial_state(kind: str) -> None:
    states = ("h", "c") if kind == "LSTM" else ("h",)
    given = values(kind, 1, *states) | {"lengths": np.array([6, 0, 4], np.int32)}
    got = fovea.compile(model(kind, given=("lengths", *states)), threads=1)(**given)
    assert not got["y"][:, :, 1].any()
    for name in states:
        np.testing.assert_array_equal(got[f"y_{name}"][0, 1], given[name][0, 1])


@pytest.mark.parametrize("kind", GATES)
@pytest.mark.parametrize("length", [7, -1])
def test_lengths_beyond_the_steps_are_refused(kind: str, length: int) -> None:
    module = fovea.compile(model(kind, given=("lengths",)), threads=1)
    given = values(kind, 1) | {"lengths": np.array([6, length, 0], np.int32)}
    with pytest.raises(fovea.FoveaError, match=f"(?s)cell.*{length}.*6"):
        module(**given)
    given["lengths"][1] = 6
    assert module(**given)["y"].any()
