"""Options that would have no effect are errors, and so are results that cannot be written."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from conftest import Run


@pytest.mark.parametrize("verb", ["run", "bench", "explain"])
@pytest.mark.parametrize("option", ["--dump=d", "--optimization=0", "--target=host"])
def test_options_of_compilation_are_refused_for_an_artefact(
    fovea: Run, verb: str, option: str
) -> None:
    fovea("compile", "linear.mlir")
    result = fovea(verb, "linear.fvm", option)
    assert (result.returncode, result.stdout) == (2, "")
    assert f"{option.split('=')[0]} is for models" in result.stderr


def test_require_fused_reads_the_ledger_of_an_artefact(fovea: Run) -> None:
    for model in ("linear", "probabilities"):
        assert fovea("compile", f"{model}.mlir").returncode == 0
    for command in (["run"], ["explain"], ["bench", "--time=1"], ["verify", "--ref=@none.npz"]):
        verb, *options = command
        result = fovea(verb, "probabilities.fvm", "--require-fused", *options)
        assert result.returncode == 3
        assert "probabilities.fvm: node 'layer/softmax'" in result.stderr
        assert "error[FV0401]" in result.stderr
    assert fovea("run", "linear.fvm", "--require-fused").returncode == 0


@pytest.mark.parametrize("source", ["linear.mlir", "linear.fvm"])
@pytest.mark.parametrize("verb", ["run", "verify", "bench"])
def test_an_unknown_size_is_a_usage_error(fovea: Run, source: str, verb: str) -> None:
    fovea("compile", "linear.mlir")
    extra = ["--ref=@none.npz"] if verb == "verify" else []
    result = fovea(verb, source, "--size=m=4", *extra)
    assert (result.returncode, result.stdout) == (2, "")
    assert "no input has a symbolic dimension 'm', did you mean 'n'?" in result.stderr


def test_a_size_that_is_fixed_already_is_a_usage_error(fovea: Run) -> None:
    result = fovea("run", "linear.mlir", "--dim=n=3", "--size=n=4")
    assert result.returncode == 2
    assert "all sizes are fixed" in result.stderr
    assert fovea("run", "linear.mlir", "--dim=n=3", "--size=n=3").returncode == 0
    fovea("compile", "linear.mlir")
    assert fovea("run", "linear.fvm", "--dim=n=3").returncode == 0
    assert fovea("run", "linear.fvm", "--dim=k=3").returncode == 2


def test_an_input_given_twice_is_a_usage_error(fovea: Run) -> None:
    result = fovea("run", "linear.mlir", "--input=x=ones", "--input=w=ones", "--input=x=zeros")
    assert result.returncode == 2
    assert "input 'x' is given twice" in result.stderr


def test_v_lists_every_kernel_and_is_for_explain(fovea: Run) -> None:
    short, full = (fovea("explain", "gather.mlir", *more).stdout for more in ([], ["-v"]))
    assert " x " in short
    assert " x " not in full and " by " in full
    assert fovea("run", "gather.mlir", "-v").returncode == 2


@pytest.mark.parametrize("arguments", [["inspect", "linear.mlir"], ["--help"], ["run", "--help"]])
def test_a_full_stdout_is_exit_5(
    program: Path, fovea: Run, tmp_path: Path, arguments: list[str]
) -> None:
    with Path("/dev/full").open("w") as full:
        result = subprocess.run(
            [str(program), *arguments], cwd=tmp_path, stdout=full, stderr=subprocess.PIPE,
            text=True, timeout=300, check=False, env=os.environ,
        )  # fmt: skip
    assert result.returncode == 5
    assert "error: stdout: No space left on device" in result.stderr


def test_a_module_goes_to_stdout_without_weights_only(fovea: Run, tmp_path: Path) -> None:
    result = fovea("compile", "weighted.mlir", "--stop-after=import", "-o", "-")
    assert (result.returncode, result.stdout) == (3, "")
    assert "weights" in result.stderr and "-o FILE" in result.stderr
    printed = fovea("compile", "linear.mlir", "--stop-after=graph", "-o", "-")
    assert printed.returncode == 0
    assert fovea("compile", "linear.mlir", "--stop-after=graph", "-o", "m.mlir").returncode == 0
    assert printed.stdout == (tmp_path / "m.mlir").read_text()
