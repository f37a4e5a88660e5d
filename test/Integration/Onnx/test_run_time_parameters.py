"""Steps and axes that come from data: those that do not exist end the run in plain words."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import fovea
import numpy as np
import pytest
from onnx import NodeProto, TensorProto, helper

INFO = helper.make_tensor_value_info
SLICE = helper.make_node("Slice", ["x", "start", "end", "axis", "given"], ["y"], name="cut")
SUM = helper.make_node("ReduceSum", ["x", "given"], ["y"], name="sum", keepdims=1)


def model(node: NodeProto, count: int) -> bytes:
    inputs = [INFO("x", TensorProto.FLOAT, [4, 6]), INFO("given", TensorProto.INT64, [count])]
    inputs += [INFO(name, TensorProto.INT64, [1]) for name in node.input[1:] if name != "given"]
    graph = helper.make_graph([node], "g", inputs, [INFO("y", TensorProto.FLOAT, None)])
    opset = [helper.make_opsetid("", 21)]
    return bytes(helper.make_model(graph, opset_imports=opset, ir_version=10).SerializeToString())


X = np.arange(24, dtype=np.float32).reshape(4, 6)
WORDS = "its step or axes, which come from data, are none that it takes"


def test_a_step_of_zero_is_named() -> None:
    module = fovea.compile(model(SLICE, 1))
    ends = {name: np.array([value]) for name, value in (("start", 0), ("end", 6), ("axis", 1))}
    got = module(x=X, given=np.array([2]), **ends)["y"]
    np.testing.assert_array_equal(got, X[:, 0:6:2])
    with pytest.raises(fovea.FoveaError, match=f"node 'cut': {WORDS}"):
        module(x=X, given=np.array([0]), **ends)


@pytest.mark.parametrize(
    ("axes", "words"),
    [((1, 1), WORDS), ((0, 2), "index 2 is out of range"), ((-3, 0), "index -3 is out of range")],
)
def test_axes_that_are_not_there_or_twice_are_named(axes: tuple[int, int], words: str) -> None:
    module = fovea.compile(model(SUM, 2))
    got = module(x=X, given=np.array([1, 0]))["y"]
    np.testing.assert_array_equal(got, X.sum(keepdims=True))
    with pytest.raises(fovea.FoveaError, match=f"node 'sum': {words}"):
        module(x=X, given=np.array(axes))
