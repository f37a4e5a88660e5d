"""Dropout's mask keeps everything, in the type that its opset says."""
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


@pytest.mark.parametrize(("opset", "mask"), [(7, np.float32), (10, np.bool_), (13, np.bool_)])
def test_the_mask_is_all_true(opset: int, mask: type) -> None:
    info = helper.make_tensor_value_info
    declared = TensorProto.BOOL if mask is np.bool_ else TensorProto.FLOAT
    graph = helper.make_graph(
        [helper.make_node("Dropout", ["x"], ["y", "mask"])], "g",
        [info("x", TensorProto.FLOAT, [2, 3])],
        [info("y", TensorProto.FLOAT, [2, 3]), info("mask", declared, [2, 3])],
    )  # fmt: skip
    opsets = [helper.make_opsetid("", opset)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=8)
    x = np.arange(6, dtype=np.float32).reshape(2, 3)
    outputs = fovea.compile(model.SerializeToString())(x=x)
    np.testing.assert_array_equal(outputs["y"], x)
    assert outputs["mask"].dtype == mask
    np.testing.assert_array_equal(outputs["mask"], np.ones((2, 3), mask))
