"""Scales whose number only the run knows: one is for the whole tensor, more are for an axis."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import fovea
import numpy as np
import pytest
from onnx import TensorProto, helper

INFO = helper.make_tensor_value_info
RNG = np.random.default_rng(7)


def model(op: str, taken: int, given: int) -> bytes:
    inputs = [
        INFO("x", taken, ["b", "c", 2]),
        INFO("scale", TensorProto.FLOAT, ["n"]),
        INFO("zero", TensorProto.UINT8, ["n"]),
    ]
    node = helper.make_node(op, ["x", "scale", "zero"], ["y"], name="here", axis=1)
    graph = helper.make_graph([node], "g", inputs, [INFO("y", given, None)])
    opset = [helper.make_opsetid("", 21)]
    return bytes(helper.make_model(graph, opset_imports=opset, ir_version=10).SerializeToString())


def parameters(count: int) -> tuple[np.ndarray, np.ndarray]:
    return RNG.uniform(0.5, 1.5, count).astype(np.float32), np.arange(count, dtype=np.uint8)


@pytest.mark.parametrize("op", ["QuantizeLinear", "DequantizeLinear"])
def test_one_scale_or_one_a_channel(op: str) -> None:
    real, whole = TensorProto.FLOAT, TensorProto.UINT8
    quantizes = op == "QuantizeLinear"
    module = fovea.compile(model(op, *((real, whole) if quantizes else (whole, real))))
    x = RNG.uniform(0, 9, (2, 3, 2)).astype(np.float32 if quantizes else np.uint8)
    for count in (1, 3):
        scale, zero = parameters(count)
        s, z = scale.reshape(1, count, 1), zero.reshape(1, count, 1)
        want = np.rint(x / s) + z if quantizes else (x.astype(np.float32) - z) * s
        np.testing.assert_array_equal(module(x=x, scale=scale, zero=zero)["y"], want)
    scale, zero = parameters(2)
    with pytest.raises(fovea.FoveaError, match="node 'here'"):
        module(x=x, scale=scale, zero=zero)
