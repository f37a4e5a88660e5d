"""ONNX models given as bytes."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

from pathlib import Path

import fovea
import numpy as np
import onnx
import pytest
from onnx import TensorProto, external_data_helper, helper, numpy_helper

WEIGHT = np.arange(12, dtype=np.float32).reshape(3, 4)


def model(weight: onnx.TensorProto) -> onnx.ModelProto:
    """y = x * w."""
    node = helper.make_node("MatMul", ["x", "w"], ["y"])
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 3])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 4])
    graph = helper.make_graph([node], "g", [x], [y], [weight])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def test_bytes_give_what_the_file_gives(tmp_path: Path) -> None:
    made = model(numpy_helper.from_array(WEIGHT, "w"))
    onnx.save(made, tmp_path / "m.onnx")
    x = np.ones((2, 3), np.float32)
    y = fovea.compile(made.SerializeToString())(x=x)["y"]
    np.testing.assert_array_equal(y, fovea.compile(tmp_path / "m.onnx")(x=x)["y"])
    np.testing.assert_array_equal(y, x @ WEIGHT)


def test_bytes_open_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("w.bin").write_bytes(WEIGHT.tobytes())
    weight = numpy_helper.from_array(WEIGHT, "w")
    external_data_helper.set_external_data(weight, "w.bin")
    weight.ClearField("raw_data")
    with pytest.raises(fovea.FoveaError, match="given as bytes, which have no folder"):
        fovea.compile(model(weight).SerializeToString())


@pytest.mark.parametrize("data", [b"", b"no model", b"\x08\x08"])
def test_other_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(fovea.FoveaError, match="not an ONNX model"):
        fovea.compile(data)
