"""TensorScatter writes as many new positions as there are, none included."""
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

POSITIONS, STARTS = 5, np.array([1, 2], np.int64)


def model(mode: str) -> bytes:
    info = helper.make_tensor_value_info
    node = helper.make_node("TensorScatter", ["cache", "update", "at"], ["y"], axis=1, mode=mode)
    inputs = [
        info("cache", TensorProto.FLOAT, [2, POSITIONS, 3]),
        info("update", TensorProto.FLOAT, [2, "fresh", 3]),
        info("at", TensorProto.INT64, [2]),
    ]
    graph = helper.make_graph([node], "g", inputs, [info("y", TensorProto.FLOAT, None)])
    opset = [helper.make_opsetid("", 24)]
    made = helper.make_model(graph, opset_imports=opset, ir_version=11)
    return bytes(made.SerializeToString())


@pytest.mark.parametrize("mode", ["linear", "circular"])
@pytest.mark.parametrize("fresh", [0, 1, 3])
def test_the_cache_has_what_is_new(mode: str, fresh: int) -> None:
    rng = np.random.default_rng(7)
    cache = rng.standard_normal((2, POSITIONS, 3)).astype(np.float32)
    update = rng.standard_normal((2, fresh, 3)).astype(np.float32)
    want = cache.copy()
    for row, start in enumerate(STARTS):
        for at in range(fresh):
            want[row, (start + at) % POSITIONS] = update[row, at]
    got = fovea.compile(model(mode))(cache=cache, update=update, at=STARTS)["y"]
    np.testing.assert_array_equal(got, want)
