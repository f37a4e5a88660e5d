"""Names of outputs reach the comparison by --ref=onnx whatever they are."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from conftest import Run


@pytest.mark.parametrize("name", ["file", "args", "allow_pickle", "a/b", "y"])
def test_an_output_may_have_any_name(fovea: Run, tmp_path: Path, name: str) -> None:
    onnx = pytest.importorskip("onnx")
    from onnx import TensorProto, helper

    info = helper.make_tensor_value_info
    graph = helper.make_graph(
        [helper.make_node("Add", ["x", "x"], [name])], "g",
        [info("x", TensorProto.FLOAT, [3])], [info(name, TensorProto.FLOAT, [3])],
    )  # fmt: skip
    opset = [helper.make_opsetid("", 18)]
    onnx.save(helper.make_model(graph, opset_imports=opset, ir_version=8), tmp_path / "m.onnx")
    result = fovea("verify", "m.onnx", "--ref=onnx", FOVEA_PYTHON=sys.executable)
    assert result.returncode == 0, result.stderr
