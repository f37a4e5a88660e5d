"""What a branch requires of sizes holds in that branch alone; it may give another result."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto, helper

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "python"))

import fovea  # noqa: E402


def pooled_or_not() -> bytes:
    """o = if c: a pool that needs N >= 5, else relu(x); y = (N + 1) // 2 < 2."""
    info = helper.make_tensor_value_info
    pool = helper.make_node("MaxPool", ["x"], ["t"], kernel_shape=[5], strides=[2])
    yes = helper.make_graph([pool], "yes", [], [info("t", TensorProto.FLOAT, [1, 1, None])])
    relu = helper.make_node("Relu", ["x"], ["e"])
    no = helper.make_graph([relu], "no", [], [info("e", TensorProto.FLOAT, [1, 1, None])])
    nodes = [
        helper.make_node("If", ["c"], ["o"], then_branch=yes, else_branch=no),
        helper.make_node("Shape", ["x"], ["n"], start=2, end=3),
        helper.make_node("Add", ["n", "one"], ["more"]),
        helper.make_node("Div", ["more", "two"], ["half"]),
        helper.make_node("Less", ["half", "two"], ["few"]),
        helper.make_node("Cast", ["few"], ["y"], to=TensorProto.FLOAT),
    ]
    graph = helper.make_graph(
        nodes, "g",
        [info("x", TensorProto.FLOAT, [1, 1, "N"]), info("c", TensorProto.BOOL, [])],
        [info("o", TensorProto.FLOAT, [1, 1, None]), info("y", TensorProto.FLOAT, [1])],
        [helper.make_tensor("one", TensorProto.INT64, [1], [1]),
         helper.make_tensor("two", TensorProto.INT64, [1], [2])],
    )  # fmt: skip
    opset = [helper.make_opsetid("", 18)]
    model = helper.make_model(graph, opset_imports=opset, ir_version=10)
    return bytes(model.SerializeToString())


@pytest.mark.parametrize("length", [1, 2, 3, 4, 9])
def test_code_behind_a_branch_does_not_rely_on_it(length: int) -> None:
    compiled = fovea.compile(pooled_or_not())
    outputs = compiled(x=np.zeros((1, 1, length), np.float32), c=np.array(False))
    assert outputs["y"] == [float((length + 1) // 2 < 2)]


def exponential_or_input(length: int | str, results: str) -> bytes:
    """y = exp(x); z = y if c, else x."""
    info = helper.make_tensor_value_info
    branches = {}
    for branch, name in (("then_branch", "y"), ("else_branch", "x")):
        taken = helper.make_node("Identity", [name], [branch])
        result = info(branch, TensorProto.FLOAT, [length])
        branches[branch] = helper.make_graph([taken], branch, [], [result])
    nodes = [
        helper.make_node("Exp", ["x"], ["y"]),
        helper.make_node("If", ["c"], ["z"], **branches),
    ]
    inputs = [info("x", TensorProto.FLOAT, [length]), info("c", TensorProto.BOOL, [])]
    outputs = [info(name, TensorProto.FLOAT, [length]) for name in results]
    graph = helper.make_graph(nodes, "g", inputs, outputs)
    opset = [helper.make_opsetid("", 18)]
    model = helper.make_model(graph, opset_imports=opset, ir_version=10)
    return bytes(model.SerializeToString())


@pytest.mark.parametrize("results", ["yz", "zy"])
@pytest.mark.parametrize("length", [7, "N"])
def test_a_branch_gives_another_result(length: int | str, results: str) -> None:
    x = np.arange(-3, 4, dtype=np.float32)
    module = fovea.compile(exponential_or_input(length, results))
    for flag in (False, True):
        outputs = module(x=x, c=np.array(flag))
        np.testing.assert_allclose(outputs["y"], np.exp(x), rtol=1e-6)
        np.testing.assert_array_equal(outputs["z"], outputs["y"] if flag else x)
