"""Verbs on modules that were stopped at a phase, and the names of phases."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import json
from pathlib import Path

import pytest
from conftest import Run
from small_models import linear

LATER = ["schedule", "kernel", "llvm"]

# Claims to be behind the phase that writes masks as score regions; no form takes what is left.
MASKED = """
#q = affine_map<(b, h, i, j, d, e) -> (b, h, i, d)>
#k = affine_map<(b, h, i, j, d, e) -> (b, h, j, d)>
#v = affine_map<(b, h, i, j, d, e) -> (b, h, j, e)>
#o = affine_map<(b, h, i, j, d, e) -> (b, h, i, e)>
!q = tensor<1x2x7x16xf32>
!k = tensor<1x2x9x16xf32>
module attributes {fovea.phase = "graph"} {
  func.func @main(%q: !q {fovea.name = "q"}, %k: !k {fovea.name = "k"})
      -> (!q {fovea.name = "y"}) attributes {fovea.entry} {
    %o = tensor.empty() : !q
    %two = arith.constant 2 : index
    %y = fovea.attention ins(%q, %k, %k : !q, !k, !k) offset(%two) causal outs(%o : !q)
        {scale = 0.25 : f64, indexing_maps = [#q, #k, #v, #o]} -> !q
    return %y : !q
  }
}"""


@pytest.mark.parametrize("name", ['"bogus"', '""', "3 : i32", "unit"])
def test_a_phase_that_is_none_is_refused(fovea: Run, tmp_path: Path, name: str) -> None:
    text = f"module attributes {{fovea.phase = {name}}} {{\n{linear()}\n}}"
    (tmp_path / "m.mlir").write_text(text)
    for verb in ("compile", "inspect"):
        result = fovea(verb, "m.mlir")
        assert result.returncode == 3
        assert result.stderr.count("error[") == result.stderr.count("error[FV0068]") == 1
        assert "import, graph, schedule" in result.stderr


def test_what_an_unknown_phase_hid_is_still_checked(fovea: Run, tmp_path: Path) -> None:
    (tmp_path / "m.mlir").write_text(
        'module attributes {fovea.phase = "import"} {\n'
        "func.func @main(%a: tensor<4xf32>) -> tensor<4xf32> {\n"
        "  %m = memref.alloc() : memref<4xf32>\n  return %a : tensor<4xf32>\n}}"
    )
    assert "error[FV0066]" in fovea("compile", "m.mlir").stderr


def test_a_float_that_no_code_has_is_refused_in_a_later_phase(fovea: Run, tmp_path: Path) -> None:
    assert fovea("compile", "linear.mlir", "--stop-after=llvm", "-o", "m.mlir").returncode == 0
    text = (tmp_path / "m.mlir").read_text()
    assert "!llvm.ptr, i8" in text
    (tmp_path / "m.mlir").write_text(text.replace("!llvm.ptr, i8", "!llvm.ptr, f8E4M3FN"))
    result = fovea("compile", "m.mlir")
    assert result.returncode == 3
    assert result.stderr.count("error[") == result.stderr.count("error[FV0066]") == 1
    assert "f8E4M3FN' is not taken" in result.stderr


@pytest.mark.parametrize("phase", LATER)
def test_inspect_shows_what_a_later_phase_has(fovea: Run, phase: str) -> None:
    assert fovea("compile", "linear.mlir", f"--stop-after={phase}", "-o", "m.mlir").returncode == 0
    result = fovea("inspect", "m.mlir")
    assert result.returncode == 0, result.stderr
    assert f"phase     {phase}\n" in result.stdout
    described = json.loads(fovea("inspect", "m.mlir", "--json").stdout)
    assert described["phase"] == phase
    assert described["entries"] == []
    assert sum(described["operations"].values()) > 10


@pytest.mark.parametrize("phase", LATER)
@pytest.mark.parametrize("command", [["run", "--target=reference"], ["verify"]])
def test_what_needs_tensors_refuses_a_later_phase(
    fovea: Run, command: list[str], phase: str
) -> None:
    assert fovea("compile", "linear.mlir", f"--stop-after={phase}", "-o", "m.mlir").returncode == 0
    verb, *options = command
    result = fovea(verb, "m.mlir", *options)
    assert (result.returncode, result.stdout) == (3, "")
    assert f"behind phase '{phase}'" in result.stderr


def test_signatures_that_no_model_has_are_refused(fovea: Run, tmp_path: Path) -> None:
    (tmp_path / "m.mlir").write_text(
        'module attributes {fovea.phase = "graph"} {\n'
        "func.func @main(%a: memref<4xf32>, %b: tensor<?xf32> {fovea.shape = [3]})\n"
        "    attributes {fovea.entry} {\n  return\n}}"
    )
    for command in (["inspect", "m.mlir"], ["run", "m.mlir", "--target=reference"]):
        result = fovea(*command)
        assert result.returncode == 3, result.stderr
        assert "no ranked tensor" in result.stderr


@pytest.mark.parametrize(("behind", "stop"), [("graph", "import"), ("llvm", "schedule")])
def test_no_phase_is_gone_back_to(fovea: Run, tmp_path: Path, behind: str, stop: str) -> None:
    assert fovea("compile", "linear.mlir", f"--stop-after={behind}", "-o", "m.mlir").returncode == 0
    result = fovea("compile", "m.mlir", f"--stop-after={stop}", "-o", "n.mlir")
    assert result.returncode == 3
    assert f"behind phase '{behind}', it cannot stop after '{stop}'" in result.stderr
    assert not (tmp_path / "n.mlir").exists()


def test_a_target_without_a_phase_cannot_stop_there(fovea: Run) -> None:
    result = fovea("compile", "linear.mlir", "--target=reference", "--stop-after=graph")
    assert result.returncode == 2
    assert "target 'reference' has no phase 'graph'" in result.stderr


@pytest.mark.parametrize(
    "command",
    [["compile", "--stop-after=import"], ["run", "--target=reference"]],
    ids=["compile", "reference"],
)
def test_dump_writes_the_import_alone(fovea: Run, tmp_path: Path, command: list[str]) -> None:
    verb, *options = command
    assert fovea(verb, "linear.mlir", *options, "--dump=dumped").returncode == 0
    assert [path.name for path in (tmp_path / "dumped").iterdir()] == ["import.mlir"]


def test_a_dump_that_cannot_be_written_is_one_problem(fovea: Run, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    result = fovea("compile", "linear.mlir", "--dump=taken")
    assert result.returncode == 3
    assert result.stderr.count("error[") == result.stderr.count("error[FV0311]") == 1


def test_what_no_form_computes_is_no_bug_and_all_reasons_are_said(
    fovea: Run, tmp_path: Path
) -> None:
    (tmp_path / "m.mlir").write_text(MASKED)
    result = fovea("compile", "m.mlir")
    assert result.returncode == 3
    assert result.stderr.count("error[") == result.stderr.count("error[FV0402]") == 1
    for form in ("transposed_attention", "row_attention"):
        assert f'{{form = "{form}", reason = "order", text = "sugar is left; ' in result.stderr
    assert result.stderr.count('fovea-materialize-mods runs first"}') == 3
