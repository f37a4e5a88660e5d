"""fovea verify passes what is right, and fails what is not."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path

import numpy as np
import pytest
from build_tree import Run


@pytest.mark.parametrize("model", ["linear", "gather", "weighted"])
@pytest.mark.parametrize("threads", ["1", "2"])
def test_models_pass_by_the_reference(fovea: Run, model: str, threads: str) -> None:
    result = fovea("verify", f"{model}.mlir", f"--threads={threads}", "--size=n=37")
    assert result.returncode == 0, result.stderr
    assert "PASS" in result.stdout


def test_report_has_the_numbers(fovea: Run) -> None:
    report = json.loads(fovea("verify", "linear.mlir", "--json").stdout)
    output = report["outputs"][0]
    assert report["passed"] and output["name"] == "y"
    assert output["max_abs"] <= output["tolerance"]
    assert output["cosine"] == pytest.approx(1)


def expected(fovea: Run, tmp_path: Path) -> dict[str, np.ndarray]:
    assert fovea("run", "linear.mlir", "--out=expected.npz").returncode == 0
    with np.load(tmp_path / "expected.npz") as file:
        return dict(file)


def test_own_outputs_pass(fovea: Run, tmp_path: Path) -> None:
    expected(fovea, tmp_path)
    assert fovea("verify", "linear.mlir", "--ref=@expected.npz").returncode == 0
    fovea("compile", "linear.mlir")
    assert fovea("verify", "linear.fvm", "--ref=@expected.npz").returncode == 0


@pytest.mark.parametrize("fault", ["value", "nan", "inf", "shape", "name"])
def test_wrong_outputs_fail(fovea: Run, tmp_path: Path, fault: str) -> None:
    values = expected(fovea, tmp_path)
    if fault == "shape":
        values["y"] = values["y"][:-1]
    elif fault == "name":
        values = {"z": values["y"]}
    else:
        added = {"value": 0.02, "nan": np.nan, "inf": np.inf}[fault]
        values["y"][3, 5] += np.float32(added)
    np.savez(tmp_path / "wrong.npz", **values)
    result = fovea("verify", "linear.mlir", "--ref=@wrong.npz")
    assert result.returncode == 1, result.stderr
    assert "FAIL" in result.stdout


def test_an_artefact_needs_expected_values(fovea: Run) -> None:
    fovea("compile", "linear.mlir")
    result = fovea("verify", "linear.fvm")
    assert result.returncode == 2
    assert "--ref=@expected.npz" in result.stderr


def write_onnx(path: Path) -> None:
    """y = softmax(x w) with w of seed 3."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    weights = np.random.default_rng(3).standard_normal((8, 6)).astype(np.float32)
    graph = helper.make_graph(
        [
            helper.make_node("MatMul", ["x", "w"], ["product"], name="product"),
            helper.make_node("Softmax", ["product"], ["y"], name="softmax", axis=-1),
        ],
        "small",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["rows", 8])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["rows", 6])],
        [numpy_helper.from_array(weights, "w")],
    )
    opset = [helper.make_opsetid("", 17)]
    onnx.save(helper.make_model(graph, opset_imports=opset, ir_version=8), path)


@pytest.mark.skipif(not importlib.util.find_spec("onnx"), reason="the package onnx is missing")
def test_an_output_of_rank_0_passes_by_the_onnx_package(fovea: Run, tmp_path: Path) -> None:
    import onnx
    from onnx import TensorProto, helper

    graph = helper.make_graph(
        [helper.make_node("ReduceMax", ["x"], ["y"], keepdims=0)],
        "scalar",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [5, 3])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [])],
    )
    opset = [helper.make_opsetid("", 18)]
    model = helper.make_model(graph, opset_imports=opset, ir_version=8)
    onnx.save(model, tmp_path / "scalar.onnx")
    result = fovea("verify", "scalar.onnx", "--ref=onnx", FOVEA_PYTHON=sys.executable)
    assert result.returncode == 0, result.stdout


@pytest.mark.skipif(not importlib.util.find_spec("onnx"), reason="the package onnx is missing")
def test_an_onnx_model_passes_by_the_onnx_package(fovea: Run, tmp_path: Path) -> None:
    write_onnx(tmp_path / "small.onnx")
    result = fovea("verify", "small.onnx", "--ref=onnx", FOVEA_PYTHON=sys.executable)
    assert result.returncode == 0, result.stderr
    assert fovea("verify", "small.onnx").returncode == 0


def test_no_python_is_said(fovea: Run, tmp_path: Path) -> None:
    pytest.importorskip("onnx")
    write_onnx(tmp_path / "small.onnx")
    result = fovea("verify", "small.onnx", "--ref=onnx", FOVEA_PYTHON="no-such-python")
    assert result.returncode == 5
    assert "FOVEA_PYTHON" in result.stderr


ATTENTION = """
func.func @main(%q: tensor<1x2x64x64xbf16> {fovea.name = "q"},
    %k: tensor<1x2x64x64xbf16> {fovea.name = "k"}) -> (tensor<1x2x64x64xf32> {fovea.name = "y"}) {
  %o = tensor.empty() : tensor<1x2x64x64xf32>
  %y = fovea.attention ins(%q, %k, %k : tensor<1x2x64x64xbf16>, tensor<1x2x64x64xbf16>,
      tensor<1x2x64x64xbf16>) outs(%o : tensor<1x2x64x64xf32>)
      {scale = 0.125 : f64, indexing_maps = [
       affine_map<(b, h, i, j, d, e) -> (b, h, i, d)>,
       affine_map<(b, h, i, j, d, e) -> (b, h, j, d)>,
       affine_map<(b, h, i, j, d, e) -> (b, h, j, e)>,
       affine_map<(b, h, i, j, d, e) -> (b, h, i, e)>]} -> tensor<1x2x64x64xf32>
  return %y : tensor<1x2x64x64xf32>
}
"""


def test_weights_that_a_form_rounds_are_allowed_for(fovea: Run, tmp_path: Path) -> None:
    (tmp_path / "attention.mlir").write_text(ATTENTION)
    tolerances = {}
    for target in (["--target=host"], ["--target=cuda", "--emulate"]):
        result = fovea("verify", "attention.mlir", *target, "--json")
        assert result.returncode == 0, result.stdout + result.stderr
        output = json.loads(result.stdout)["outputs"][0]
        assert output["max_abs"] <= output["tolerance"]
        tolerances[target[0]] = output["tolerance"]
    # What rounding the weights to 8 bits does, and no more: outputs are about 1.
    exact, rounded = tolerances.values()
    assert exact < 1e-4 < rounded < 2**-7
    explained = fovea("explain", "attention.mlir", "--target=cuda", "--emulate").stdout
    assert "its weights rounded to the values' type" in explained
    assert "rounded" not in fovea("explain", "attention.mlir", "--target=host").stdout


PRODUCT = """
func.func @main(%x: tensor<40x96xf32> {fovea.name = "x"}, %w: tensor<48x96xf32> {fovea.name = "w"})
    -> (tensor<40x48xf32> {fovea.name = "y"}) {
  %o = tensor.empty() : tensor<40x48xf32>
  %y = fovea.contract ins(%x, %w : tensor<40x96xf32>, tensor<48x96xf32>)
      outs(%o : tensor<40x48xf32>) {indexing_maps = [affine_map<(m, n, k) -> (m, k)>,
       affine_map<(m, n, k) -> (n, k)>, affine_map<(m, n, k) -> (m, n)>]} epilogue {
  ^bb0(%s: f32):
    fovea.yield %s : f32
  } -> tensor<40x48xf32>
  return %y : tensor<40x48xf32>
}
"""


def test_operands_that_were_to_be_rounded_are_allowed_for(fovea: Run, tmp_path: Path) -> None:
    (tmp_path / "product.mlir").write_text(PRODUCT)
    outputs = []
    device = ["--target=cuda", "--emulate"]
    for options in ([], ["--products=tf32"]):
        result = fovea("verify", "product.mlir", *device, *options, "--json")
        assert result.returncode == 0, result.stdout + result.stderr
        outputs.append(json.loads(result.stdout)["outputs"][0])
    exact, rounded = outputs
    # Sums of 96 products of about 1, of operands with errors of up to 2^-11.
    assert exact["tolerance"] < 1e-3 < rounded["tolerance"] < 96 * 2**-9
    assert exact["max_abs"] < 1e-4 < rounded["max_abs"] <= rounded["tolerance"]
    explained = fovea("explain", "product.mlir", *device, "--products=tf32").stdout
    assert "its operands rounded to tf32" in explained
    assert "products=tf32" in fovea("explain", "product.mlir", *device).stdout
    refused = fovea("compile", "product.mlir", "--products=tf32", "-o", "product.fvm")
    assert refused.returncode != 0 and "'host' has no products of tf32" in refused.stderr


RECURRENCES = {
    "lstm": """
func.func @main(%x: tensor<2x16x1xf32> {fovea.name = "x"}, %w: tensor<1x256x1xf32>
    {fovea.name = "w"}, %r: tensor<1x256x32xf32> {fovea.name = "r"}, %p: tensor<1x32x64xf32>
    {fovea.name = "p"}) -> (tensor<2x1x16x32xf32> {fovea.name = "y"}) {
  %y:3 = fovea.lstm %x, %w, %r projection(%p : tensor<1x32x64xf32>) {gate_order =
      [#fovea.gate<i>, #fovea.gate<o>, #fovea.gate<f>, #fovea.gate<c>], activations =
      [#fovea.activation<sigmoid>, #fovea.activation<tanh>, #fovea.activation<tanh>]}
    : tensor<2x16x1xf32>, tensor<1x256x1xf32>, tensor<1x256x32xf32>
    -> tensor<2x1x16x32xf32>, tensor<1x16x32xf32>, tensor<1x16x64xf32>
  return %y#0 : tensor<2x1x16x32xf32>
}
""",
    "gru": """
func.func @main(%x: tensor<3x16x1xf32> {fovea.name = "x"}, %w: tensor<1x768x1xf32>
    {fovea.name = "w"}, %r: tensor<1x768x256xf32> {fovea.name = "r"})
    -> (tensor<3x1x16x256xf32> {fovea.name = "y"}) {
  %y:2 = fovea.gru %x, %w, %r {gate_order =
      [#fovea.gate<z>, #fovea.gate<r>, #fovea.gate<n>], activations =
      [#fovea.activation<sigmoid>, #fovea.activation<tanh>], reset = #fovea.reset<before>}
    : tensor<3x16x1xf32>, tensor<1x768x1xf32>, tensor<1x768x256xf32>
    -> tensor<3x1x16x256xf32>, tensor<1x16x256xf32>
  return %y#0 : tensor<3x1x16x256xf32>
}
""",
}


@pytest.mark.parametrize("cell", RECURRENCES)
def test_operands_are_allowed_for_in_products_of_steps(
    fovea: Run, tmp_path: Path, cell: str
) -> None:
    """Those that are no gates of a state: a projection, and a product with a gated state."""
    (tmp_path / "cell.mlir").write_text(RECURRENCES[cell])
    device = ["--target=cuda", "--emulate", "--products=tf32"]
    explained = fovea("explain", "cell.mlir", *device).stdout
    assert "its operands rounded to tf32" in explained
    result = fovea("verify", "cell.mlir", *device)
    assert result.returncode == 0, result.stdout + result.stderr
