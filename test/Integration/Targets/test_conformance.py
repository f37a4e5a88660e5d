"""Every target that this machine can run gives the numbers of numpy, and refuses what it must."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import json
import platform
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from build_tree import PROGRAM, ROOT, fovea, require
from conformance_cases import CASES, Case

require(PROGRAM, "./dev build")

@cache
def doctor() -> dict[str, Any]:
    return json.loads(fovea(ROOT, "doctor", "--json").stdout)


def targets() -> list[dict[str, Any]]:
    """What the registry lists."""
    return doctor()["targets"]


# Compiled for here and run elsewhere: test/Emulation has these cases for them.
FOREIGN = {"x86_64": ("armv8-a",), "aarch64": ("x86-64-v3", "x86-64-v4")}[platform.machine()]
NAMES = [target["name"] for target in targets() if target["name"] not in FOREIGN]


def write(folder: Path, case: Case) -> list[str]:
    """Model and inputs; the arguments that name the inputs."""
    (folder / "model.mlir").write_text(case.text)
    for name, array in case.inputs.items():
        np.save(folder / f"{name}.npy", array)
    return [f"--input={name}=@{name}.npy" for name in case.inputs]


def disagreement(outputs: dict[str, np.ndarray], case: Case) -> str:
    """What differs from the case's results, or nothing."""
    if list(outputs) != list(case.expected):
        return f"outputs {list(outputs)}"
    for name, expected in case.expected.items():
        if outputs[name].shape != expected.shape:
            return f"{name} has shape {outputs[name].shape}"
        error = np.abs(outputs[name] - expected).max()
        if not error <= case.errors:
            return f"{name} is off by {error}"
    return ""


def usable(target: str) -> None:
    """Skips a target whose instructions or device this machine lacks."""
    for finding in doctor()["findings"]:
        if finding["subject"] == target and finding["status"] == "WARN":
            pytest.skip(finding["text"])
    flags = Path("/proc/cpuinfo").read_text().split()
    needs = {"x86-64-v3": "avx2", "x86-64-v4": "avx512vl", "host": "avx2"}.get(target)
    if needs and needs not in flags:
        pytest.skip(f"this processor has no {needs}")


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("target", NAMES)
def test_target_gives_the_numbers(tmp_path: Path, target: str, case: str) -> None:
    usable(target)
    made = CASES[case]()
    inputs = write(tmp_path, made)
    result = fovea(tmp_path, "run", "model.mlir", f"--target={target}", "--out=y.npz", *inputs)
    assert result.returncode == 0, result.stderr
    with np.load(tmp_path / "y.npz") as outputs:
        assert disagreement(dict(outputs), made) == ""


NAN = np.full((2, 3), np.nan)
WRONG = [{}, {"z": np.ones((2, 3))}, {"y": np.ones((3, 2))}, {"y": np.ones((2, 3)) + 3e-5},
         {"y": NAN}, {"y": np.ones((2, 3)), "z": NAN}]  # fmt: skip


@pytest.mark.parametrize("outputs", WRONG)
def test_wrong_outputs_disagree(outputs: dict[str, np.ndarray]) -> None:
    expected = {name: np.ones((2, 3)) for name in ("y", "z")[: len(outputs) or 1]}
    case = Case("", {}, expected)
    assert disagreement(expected, case) == ""
    assert disagreement(outputs, case) != ""


@pytest.mark.parametrize("target", NAMES)
def test_a_bad_index_stops_the_run(tmp_path: Path, target: str) -> None:
    usable(target)
    case = CASES["lookup"]()
    case.inputs["i"][2] = 500
    inputs = write(tmp_path, case)
    result = fovea(tmp_path, "run", "model.mlir", f"--target={target}", *inputs)
    assert result.returncode == 5
    assert "node 'lookup': index 500 is out of range for 9 elements" in result.stderr


@pytest.mark.parametrize("target", NAMES)
def test_compile_makes_an_artefact_or_says_why_not(tmp_path: Path, target: str) -> None:
    usable(target)
    described = next(item for item in targets() if item["name"] == target)
    inputs = write(tmp_path, CASES["contraction"]())
    result = fovea(tmp_path, "compile", "model.mlir", f"--target={target}")
    if not described["artifacts"]:
        assert result.returncode == 3
        assert f"target '{target}' makes no artefact" in result.stderr
        stopped = fovea(tmp_path, "compile", "model.mlir", f"--target={target}", "--emit=mlir")
        assert stopped.returncode == 0, stopped.stderr
        assert "fovea.contract" in (tmp_path / "model.import.mlir").read_text()
        return
    assert result.returncode == 0, result.stderr
    sections = json.loads(fovea(tmp_path, "inspect", "model.fvm", "--json").stdout)["sections"]
    assert f"code '{described['device']}'" in [section["section"] for section in sections]
    assert fovea(tmp_path, "run", "model.fvm", *inputs).returncode == 0


@pytest.mark.parametrize("target", NAMES)
def test_a_compilation_goes_on_where_it_stopped(tmp_path: Path, target: str) -> None:
    usable(target)
    described = next(item for item in targets() if item["name"] == target)
    inputs = write(tmp_path, CASES["gru"]())
    chosen = f"--target={target}"
    assert fovea(tmp_path, "run", "model.mlir", chosen, "--out=y.npz", *inputs).returncode == 0
    for phase in ["import", *described["phases"][:1]]:
        stopped = fovea(tmp_path, "compile", "model.mlir", chosen, f"--stop-after={phase}")
        assert stopped.returncode == 0, stopped.stderr
        result = fovea(
            tmp_path, "run", f"model.{phase}.mlir", chosen, "--out=on.npz", *inputs
        )
        assert result.returncode == 0, result.stderr
        with np.load(tmp_path / "y.npz") as a, np.load(tmp_path / "on.npz") as b:
            np.testing.assert_array_equal(a["y"], b["y"])


@pytest.mark.parametrize(
    ("target", "text"),
    [
        ("cuda:sm_70", "behind cuda, ':' names one architecture: sm_80"),
        ("x86-64-v5", "targets are host, x86-64-v3, x86-64-v4, armv8-a, cuda"),
    ],
)
def test_an_absent_target_is_refused(tmp_path: Path, target: str, text: str) -> None:
    write(tmp_path, CASES["contraction"]())
    for verb in ("compile", "run", "verify", "bench", "explain"):
        result = fovea(tmp_path, verb, "model.mlir", f"--target={target}")
        assert (result.returncode, result.stdout) == (3, "")
        assert "error[FV0320]" in result.stderr
        assert text in result.stderr


def test_the_suite_covers_both_kinds_of_target() -> None:
    assert {target["artifacts"] for target in targets()} == {True, False}
