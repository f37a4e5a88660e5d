"""Exit codes and the texts of errors."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import json
import signal
import subprocess
import time
from pathlib import Path

import numpy as np
import pytest
from build_tree import Run
from small_models import linear


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["compil", "linear.mlir"], "did you mean 'compile'?"),
        (["run", "linear.mlir", "--inptu=x=ones"], "did you mean '--input'?"),
        (["run"], "needs a model"),
        (["compile", "linear.mlir", "linear.mlir"], "unexpected argument 'linear.mlir'"),
        (["compile", "linear.mlir", "--out=x.npz"], "is not for 'fovea compile'"),
        (["compile", "linear.mlir", "-o"], "needs a value"),
        (["compile", "linear.mlir", "--dim=n"], "NAME=N"),
        (["compile", "linear.mlir", "--stop-after=end"], "import, graph, schedule, kernel"),
        (["compile", "linear.mlir", "--emit=exe"], "fvm, mlir, llvm, asm, obj, so"),
        (["compile", "linear.mlir", "--threads=many"], "a number from 0"),
        (["run", "linear.mlir", "--input=X=ones"], "the inputs are x, w, b"),
        (["run", "linear.mlir", "--input=x=radnn"], "input 'x'"),
        (["run", "linear.mlir", "--entry=mian"], "did you mean 'main'?"),
        (["verify", "linear.mlir", "--ref=torch"], "reference, onnx or @FILE.npz"),
        (["run", "linear.fvm", "--target=reference"], "an artefact is compiled already"),
        (["--json"], "expected a verb"),
    ],
)
def test_usage_is_exit_2(fovea: Run, arguments: list[str], text: str) -> None:
    result = fovea(*arguments)
    assert (result.returncode, result.stdout) == (2, "")
    assert text in result.stderr


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["compile", "absent.onnx"], "FV0001"),
        (["compile", "w.bin"], "FV0002"),
        (["compile", "linear.mlir", "--target=arm"], "targets are host"),
        (["compile", "linear.mlir", "--dim=m=4"], "FV0351"),
        (["run", "absent.fvm"], "absent.fvm"),
        (["run", "linear.mlir", "--input=x=@absent.npy"], "absent.npy"),
        (["run", "linear.mlir", "--input=x=@b.npy"], "input 'x'"),
        (["verify", "linear.mlir", "--ref=@absent.npz"], "absent.npz"),
    ],
)
def test_bad_input_is_exit_3(
    fovea: Run, tmp_path: Path, arguments: list[str], text: str
) -> None:
    np.save(tmp_path / "b.npy", np.zeros((3, 41), np.float32))
    result = fovea(*arguments)
    assert (result.returncode, result.stdout) == (3, "")
    assert text in result.stderr


def test_a_damaged_artefact_is_exit_3(fovea: Run, tmp_path: Path) -> None:
    fovea("compile", "linear.mlir")
    content = bytearray((tmp_path / "linear.fvm").read_bytes())
    content[700] ^= 1
    (tmp_path / "linear.fvm").write_bytes(content)
    for verb in ("run", "inspect"):
        result = fovea(verb, "linear.fvm")
        assert result.returncode == 3
        assert "recompile" in result.stderr


def test_errors_of_a_module_have_places(fovea: Run, tmp_path: Path) -> None:
    (tmp_path / "bad.mlir").write_text(linear().replace("arith.addf", "arith.addi"))
    result = fovea("compile", "bad.mlir")
    assert result.returncode == 3
    assert "bad.mlir:" in result.stderr
    assert "error[FV0" in result.stderr


def test_problems_are_json_on_demand(fovea: Run) -> None:
    result = fovea("compile", "absent.onnx", "--json")
    problems = json.loads(result.stdout)["problems"]
    assert [problem["code"] for problem in problems] == ["FV0001"]


def test_a_bug_of_the_compiler_is_exit_4_with_a_reproducer(fovea: Run, tmp_path: Path) -> None:
    result = fovea("compile", "broken.mlir")
    assert result.returncode == 4
    assert "error[FV09" in result.stderr
    assert "broken.reproducer.mlir" in result.stderr
    assert "linalg.generic" in (tmp_path / "broken.reproducer.mlir").read_text()


def test_a_module_that_lost_its_phase_is_exit_3(fovea: Run, tmp_path: Path) -> None:
    result = fovea("compile", "stopped.mlir")
    assert result.returncode == 3
    assert result.stderr.count("error[") == result.stderr.count("error[FV0067]") == 1
    assert not list(tmp_path.glob("*.reproducer.mlir"))


@pytest.mark.parametrize("target", ["host", "reference"])
def test_a_fault_of_the_run_is_exit_5(fovea: Run, target: str) -> None:
    good = fovea("run", "gather.mlir", "--size=n=9", f"--target={target}")
    assert good.returncode == 0
    far = "--input=i=randint:500:501"
    bad = fovea("run", "gather.mlir", "--size=n=9", far, f"--target={target}")
    assert (bad.returncode, bad.stdout) == (5, "")
    assert "node 'embed/Gather': index 500 is out of range for 9 elements" in bad.stderr


def test_an_interrupt_is_exit_130(program: Path, fovea: Run, tmp_path: Path) -> None:
    command = [str(program), "bench", "linear.mlir", "--time=60000"]
    with subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE) as process:
        assert process.stderr
        assert process.stderr.readline().startswith(b"linear.mlir")
        time.sleep(0.2)
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 130
