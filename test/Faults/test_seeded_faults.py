"""Faults that implementations of these operations have had: each turns the comparison red.

A fault is put into the module between import and the phases that follow, where a wrong importer or
a wrong pass would have left it; the sound module's results come from the reference target, or from
numpy. So nothing in the product knows of the faults, and what is tested is the comparison itself:
its inputs, its tolerance and its verdict.
"""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import re
from pathlib import Path

import fovea as package
import numpy as np
import pytest
from build_tree import MINILM, Done, fovea, require, sound
from case import Case
from reference.bert_numpy import Bert

# The query of a decoding step looks back over all keys: its offset is keys - queries.
ATTENTION = """
func.func @main(%q: tensor<1x2x3x16xf32>, %k: tensor<1x2x9x16xf32>, %v: tensor<1x2x9x16xf32>)
    -> tensor<1x2x3x16xf32> {
  %offset = arith.constant 6 : index
  %e = tensor.empty() : tensor<1x2x3x16xf32>
  %r = fovea.attention
      ins(%q, %k, %v : tensor<1x2x3x16xf32>, tensor<1x2x9x16xf32>, tensor<1x2x9x16xf32>)
      offset(%offset) causal window [4, 0] outs(%e : tensor<1x2x3x16xf32>)
      {scale = 0.25 : f64, indexing_maps = [
        affine_map<(b, h, i, j, d, e) -> (b, h, i, d)>,
        affine_map<(b, h, i, j, d, e) -> (b, h, j, d)>,
        affine_map<(b, h, i, j, d, e) -> (b, h, j, e)>,
        affine_map<(b, h, i, j, d, e) -> (b, h, i, e)>]} -> tensor<1x2x3x16xf32>
  return %r : tensor<1x2x3x16xf32>
}
"""
# Rows of small variance, where epsilon counts.
NORM = """
func.func @main(%x: tensor<5x33xf32>, %w: tensor<33xf32>)
    -> (tensor<5x33xf32>, tensor<5x33xf32>) {
  %e = tensor.empty() : tensor<5x33xf32>
  %small = arith.constant dense<0.01> : tensor<5x33xf32>
  %s = arith.mulf %x, %small : tensor<5x33xf32>
  %l = fovea.layer_norm ins(%s, %w : tensor<5x33xf32>, tensor<33xf32>)
      outs(%e : tensor<5x33xf32>) {axis = 1 : i64, epsilon = 1.0e-5 : f64} -> tensor<5x33xf32>
  %r = fovea.rms_norm ins(%s, %w : tensor<5x33xf32>, tensor<33xf32>)
      outs(%e : tensor<5x33xf32>) {axis = 1 : i64, epsilon = 1.0e-6 : f64} -> tensor<5x33xf32>
  return %l, %r : tensor<5x33xf32>, tensor<5x33xf32>
}
"""
GATES = "gate_order = [#fovea.gate<{}>, #fovea.gate<{}>, #fovea.gate<{}>"

# Name, model, what the module says, what the faulty one says.
FAULTS = [
    ("lstm_gates_iofc_as_ifoc", "recurrent", GATES.format(*"iof"), GATES.format(*"ifo")),
    ("gru_gates_zrn_as_rzn", "recurrent", GATES.format(*"zrn"), GATES.format(*"rzn")),
    ("gru_reset_before_the_product", "recurrent", "#fovea.reset<after>", "#fovea.reset<before>"),
    ("attention_scale_dropped", ATTENTION, "scale = 0.25", "scale = 1.0"),
    ("causal_aligned_at_the_top_left", ATTENTION, "constant 6 : index", "constant 0 : index"),
    ("causal_off_by_one", ATTENTION, "constant 6 : index", "constant 7 : index"),
    ("causal_dropped", ATTENTION, ") causal window [4, 0]", ") window [4, -1]"),
    ("window_off_by_one", ATTENTION, "window [4, 0]", "window [3, 0]"),
    ("layer_norm_epsilon_of_another_model", NORM, "epsilon = 1.0e-5", "epsilon = 1.0e-12"),
    ("rms_norm_epsilon_of_another_model", NORM, "epsilon = 1.0e-6", "epsilon = 1.0e-5"),
]  # fmt: skip


def quietly(folder: Path, *arguments: object) -> Done:
    return fovea(folder, *arguments, "-q")


def module_of(model: str, folder: Path) -> str:
    """The module as it leaves import."""
    if "\n" in model:
        return model
    pytest.importorskip("onnx")
    import corpus_onnx
    import onnx

    onnx.save(corpus_onnx.MODELS[model](), folder / "model.onnx")
    to_import = ["--stop-after=import", "--emit=mlir", "-o", "sound.mlir"]
    sound(quietly(folder, "compile", "model.onnx", *to_import))
    return (folder / "sound.mlir").read_text()


@pytest.mark.parametrize(("name", "model", "right", "wrong"), FAULTS, ids=[f[0] for f in FAULTS])
def test_fault_turns_verify_red(
    tmp_path: Path, name: str, model: str, right: str, wrong: str
) -> None:
    text = module_of(model, tmp_path)
    assert right in text, f"{name}: nothing to put the fault into"
    (tmp_path / "sound.mlir").write_text(text)
    (tmp_path / "faulty.mlir").write_text(text.replace(right, wrong))
    lengths = ["--input=lengths=randint:3:6:1"] if model == "recurrent" else []
    reference = ["--target=reference", "--out=right.npz", *lengths]
    sound(quietly(tmp_path, "run", "sound.mlir", *reference))
    sound(quietly(tmp_path, "verify", "sound.mlir", "--ref=@right.npz", *lengths))
    verdict = quietly(tmp_path, "verify", "faulty.mlir", "--ref=@right.npz", *lengths)
    assert verdict.returncode == 1, verdict.stdout + verdict.stderr
    assert "FAIL" in verdict.stdout


@pytest.mark.parametrize(
    ("right", "wrong"),
    [("epsilon = ", "1.0e-4"), ("scale = ", "1.0")],
    ids=["epsilon", "scale"],
)
def test_fault_in_minilm_turns_numpy_red(tmp_path: Path, right: str, wrong: str) -> None:
    """The same with a real model, against numpy in float64, as ./dev run compares it."""
    folder = require(MINILM, "./dev run fetches it")
    to_import = ["--stop-after=import", "--emit=mlir", "-o", "m.mlir"]
    sound(quietly(tmp_path, "compile", folder, *to_import))
    text = (tmp_path / "m.mlir").read_text()
    assert right in text
    ids = np.array([[101, 1996, 4937, 25126, 102]])
    inputs = {"input_ids": ids, "attention_mask": np.ones_like(ids),
              "token_type_ids": np.zeros_like(ids)}  # fmt: skip
    hidden = Bert(folder).hidden(*inputs.values())
    faulty = re.sub(rf"{right}[\d.Ee+-]+", f"{right}{wrong}", text)
    passed = []
    for content in (text, faulty):
        (tmp_path / "m.mlir").write_text(content)
        case = Case("minilm", package.compile(tmp_path / "m.mlir"), 0.0, 0.0)
        case.compare("last_hidden_state", case.model(**inputs)["last_hidden_state"], hidden)
        passed.append(case.passed)
    assert passed == [True, False], case.problems
