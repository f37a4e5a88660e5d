"""Models that take one step of a recurrence's outputs: the same bits as in all of them."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import fovea
import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

WIDTH, HIDDEN = 8, 32
STEPS, BATCH = 37, 3
RNG = np.random.default_rng(7)
WEIGHTS = {
    "w": RNG.standard_normal((1, 4 * HIDDEN, WIDTH)).astype(np.float32),
    "r": RNG.standard_normal((1, 4 * HIDDEN, HIDDEN)).astype(np.float32) / 6,
    "b": RNG.standard_normal((1, 8 * HIDDEN)).astype(np.float32),
}
X = RNG.standard_normal((STEPS, BATCH, WIDTH)).astype(np.float32)
LENGTHS = np.array([STEPS, 5, 0], np.int32)


def model(taken: int | None, direction: str, lengths: bool, batch_first: bool) -> bytes:
    """An LSTM over symbolic sizes; `taken` is the step that is the result, None for all."""
    inputs = ["x", "w", "r", "b", "n" if lengths else ""]
    nodes = [
        helper.make_node("LSTM", inputs, ["y"], hidden_size=HIDDEN, direction=direction),
        helper.make_node("Squeeze", ["y", "one"], ["flat"]),
    ]
    last = "flat"
    if batch_first:
        nodes.append(helper.make_node("Transpose", ["flat"], ["swapped"], perm=[1, 0, 2]))
        last = "swapped"
    gather = helper.make_node("Gather", [last, "at"], ["o"], axis=1 if batch_first else 0)
    nodes.append(helper.make_node("Identity", [last], ["o"]) if taken is None else gather)
    tensors = [numpy_helper.from_array(array, name) for name, array in WEIGHTS.items()]
    tensors.append(numpy_helper.from_array(np.array([1]), "one"))
    tensors.append(numpy_helper.from_array(np.array(taken or 0), "at"))
    given = [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["steps", "batch", WIDTH])]
    if lengths:
        given.append(helper.make_tensor_value_info("n", TensorProto.INT32, ["batch"]))
    result = helper.make_tensor_value_info("o", TensorProto.FLOAT, None)
    graph = helper.make_graph(nodes, "g", given, [result], tensors)
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    return bytes(made.SerializeToString())


@pytest.mark.parametrize("batch_first", [False, True])
@pytest.mark.parametrize("lengths", [False, True])
@pytest.mark.parametrize("direction", ["forward", "reverse"])
@pytest.mark.parametrize("taken", [-1, 0, 4])
def test_a_step_has_the_bits_of_all_steps(
    taken: int, direction: str, lengths: bool, batch_first: bool
) -> None:
    feed = {"x": X} | ({"n": LENGTHS} if lengths else {})
    every = fovea.compile(model(None, direction, lengths, batch_first))(**feed)["o"]
    one = fovea.compile(model(taken, direction, lengths, batch_first))(**feed)["o"]
    assert (one == every.take(taken, axis=1 if batch_first else 0)).all()


def test_an_empty_sequence_has_no_last_step() -> None:
    module = fovea.compile(model(-1, "forward", lengths=False, batch_first=False))
    with pytest.raises(fovea.FoveaError, match="size"):
        module(x=X[:0])
