"""--target=cuda: what artefacts hold, and what is said where a GPU or a tool is missing."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import json
import platform
import re
from pathlib import Path

import pytest
from build_tree import BUILD, Run, require, sound
from conformance_cases import CASES

# In the place of NVIDIA's driver: its addresses are none of the host's, its kernels do nothing.
DRIVER = BUILD / "lib" / "fake-cuda" / "libcuda.so.1"
FAKE = {"LD_LIBRARY_PATH": str(DRIVER.parent)}

DOUBLES = """
func.func @main(%x: tensor<4xf64> {fovea.name = "x"}) -> (tensor<4xf64> {fovea.name = "y"}) {
  %y = FUNCTION : tensor<4xf64>
  return %y : tensor<4xf64>
}
"""


@pytest.fixture
def absent(tmp_path: Path) -> dict[str, str]:
    """The variable that keeps a driver from being found, where there is one."""
    (tmp_path / "none").mkdir()
    (tmp_path / "none" / "libcuda.so.1").touch()
    return {"LD_LIBRARY_PATH": str(tmp_path / "none")}


def sections(fovea: Run, name: str) -> list[str]:
    inspected = sound(fovea("inspect", name, "--json"))
    found = json.loads(inspected.stdout)["sections"]
    code = [section for section in found if section["section"].startswith("code")]
    assert code and all(section["sound"] and section["bytes"] for section in code)
    return [section["section"] for section in code]


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("cuda", ["cpu", "sm_80", "sm_90", "compute_80"]),
        ("cuda:sm_90", ["cpu", "sm_90", "compute_90"]),
        ("cuda:sm_86", ["cpu", "sm_86", "compute_86"]),
    ],
)
def test_an_artefact_has_cubins_and_ptx(
    fovea: Run, ptxas: dict[str, str], target: str, expected: list[str]
) -> None:
    compiled = sound(fovea("compile", "linear.mlir", f"--target={target}", **ptxas))
    assert "ops on cuda, 0 fallback" in compiled.stderr
    assert sections(fovea, "linear.fvm") == [f"code '{name}'" for name in expected]


@pytest.mark.skipif(platform.machine() != "x86_64", reason="other processors have no levels")
def test_host_code_runs_on_processors_of_others(fovea: Run) -> None:
    """Whatever this one has: the artefact is for another machine, with a GPU."""
    sound(fovea("compile", "linear.mlir", "--target=cuda", FOVEA_PTXAS="none"))
    assert re.search(r"target\s+x86_64.*, x86-64-v3$", sound(fovea("inspect", "linear.fvm")).stdout,
                     re.MULTILINE)  # fmt: skip


def test_the_assembly_is_the_ptx(fovea: Run) -> None:
    shown = sound(fovea("compile", "linear.mlir", "--target=cuda", "--emit=asm", "-o", "-"))
    assert ".target sm_80" in shown.stdout
    assert ".visible .entry kernel_" in shown.stdout
    assert "__nv_" not in shown.stdout


def test_a_stopped_compilation_goes_on(fovea: Run) -> None:
    for phase in ("graph", "schedule", "kernel", "llvm"):
        sound(fovea("compile", "linear.mlir", "--target=cuda", f"--stop-after={phase}"))
        resumed = f"linear.{phase}.mlir"
        sound(fovea("compile", resumed, "--target=cuda", "-o", "on.fvm", FOVEA_PTXAS="none"))
        assert sections(fovea, "on.fvm") == ["code 'cpu'", "code 'compute_80'"]


@pytest.mark.parametrize("function", ["exp", "tanh", "log1p"])
def test_functions_of_f64_are_arithmetic(fovea: Run, tmp_path: Path, function: str) -> None:
    (tmp_path / "f64.mlir").write_text(DOUBLES.replace("FUNCTION", f"math.{function} %x"))
    shown = sound(fovea("compile", "f64.mlir", "--target=cuda", "--emit=asm", "-o", "-"))
    assert "fma.rn.f64" in shown.stdout
    assert "call" not in shown.stdout


def test_remainders_of_f64_are_refused(fovea: Run, tmp_path: Path) -> None:
    (tmp_path / "f64.mlir").write_text(DOUBLES.replace("FUNCTION", "arith.remf %x, %x"))
    result = fovea("compile", "f64.mlir", "--target=cuda")
    assert result.returncode == 3
    assert "error[FV0405]: 'fmod' of f64 has no form for a GPU" in result.stderr
    assert "use f32 in the model" in result.stderr


def test_an_unknown_architecture_is_refused(fovea: Run) -> None:
    result = fovea("compile", "linear.mlir", "--target=cuda:sm_70")
    assert result.returncode == 3
    assert "error[FV0320]: the target 'cuda:sm_70' is not known" in result.stderr
    assert "':' names one architecture: sm_80, sm_86, sm_87, sm_89, sm_90" in result.stderr


def test_without_a_driver_models_compile_and_do_not_run(fovea: Run, absent: dict[str, str]) -> None:
    sound(fovea("compile", "linear.mlir", "--target=cuda", **absent))
    for verb in ("run", "bench", "verify"):
        for model in ("linear.mlir", "linear.fvm"):
            chosen = ["--target=cuda"] if model.endswith("mlir") else []
            if verb == "verify" and not chosen:
                continue
            result = fovea(verb, model, *chosen, "-q", **absent)
            assert (result.returncode, result.stdout) == (5, ""), result.stderr
            assert result.stderr.count("error:") == 1
            assert "there is no CUDA driver: " in result.stderr
            assert "install NVIDIA's driver" in result.stderr


def test_without_a_driver_artefacts_are_explained(
    fovea: Run, tmp_path: Path, absent: dict[str, str]
) -> None:
    """From the ledger alone; one that has changed is refused."""
    sound(fovea("compile", "linear.mlir", "--target=cuda", **absent))
    shown = sound(fovea("explain", "linear.fvm", "-v", **absent)).stdout
    assert shown == sound(fovea("explain", "linear.mlir", "-v", "--target=cuda", **absent)).stdout
    assert "fovea.contract" in shown
    found = json.loads(sound(fovea("inspect", "linear.fvm", "--json")).stdout)["sections"]
    (ledger,) = (section for section in found if section["section"] == "ledger")
    changed = bytearray((tmp_path / "linear.fvm").read_bytes())
    changed[ledger["offset"] + 5] ^= 1
    (tmp_path / "changed.fvm").write_bytes(changed)
    refused = fovea("explain", "changed.fvm", **absent)
    assert (refused.returncode, refused.stdout) == (3, "")
    assert "changed.fvm: artefact is damaged: section ledger has changed" in refused.stderr


def test_doctor_says_what_is_missing(fovea: Run, absent: dict[str, str]) -> None:
    told = sound(fovea("doctor", **absent)).stdout
    assert "WARN  cuda      there is no CUDA driver: " in told
    assert "libcuda.so.1" in told


def test_doctor_describes_driver_and_devices(fovea: Run, ptxas: dict[str, str]) -> None:
    require(DRIVER, "./dev build")
    told = sound(fovea("doctor", **FAKE, **ptxas, FAKE_CUDA_DEVICES="2")).stdout
    assert "OK    cuda      driver 'libcuda.so.1' for CUDA 13.0" in told
    assert "device 1: Fake GPU 1, compute capability 9.0, 1024 MiB" in told
    assert f"OK    ptxas     {ptxas['FOVEA_PTXAS']}" in told
    old = sound(fovea("doctor", **FAKE, FAKE_CUDA_VERSION="11080")).stdout
    assert "is too old: it supports CUDA 11.8; install a driver for CUDA 12.0 or later" in old
    none = sound(fovea("doctor", **FAKE, FAKE_CUDA_DEVICES="0")).stdout
    assert "the driver finds no device; see CUDA_VISIBLE_DEVICES" in none


@pytest.mark.parametrize("case", sorted(set(CASES) - {"attention_in_double"}))
def test_host_code_leaves_the_memory_of_the_device_alone(
    fovea: Run, tmp_path: Path, case: str
) -> None:
    """Its addresses are none of the host's here; kernels do nothing."""
    require(DRIVER, "./dev build")
    (tmp_path / "case.mlir").write_text(CASES[case]().text)
    sound(fovea("run", "case.mlir", "--target=cuda", "-q", FOVEA_PTXAS="none", **FAKE))


def test_a_run_on_a_device_ends_as_the_device_does(fovea: Run) -> None:
    require(DRIVER, "./dev build")
    arguments = ("run", "linear.mlir", "--target=cuda", "-q")
    sound(fovea(*arguments, **FAKE))
    for failing, text in (
        ("cuLaunchKernelEx:719", "the device is lost to this process"),
        ("cuModuleGetFunction:500", "kernel 'kernel_"),
        ("cuStreamSynchronize:700", "CUDA_ERROR_ILLEGAL_ADDRESS"),
        ("cuMemAllocAsync:2", "no memory for"),
    ):
        result = fovea(*arguments, **FAKE, FAKE_CUDA_FAIL=failing)
        assert result.returncode == 5, result.stderr
        assert text in result.stderr


def test_bench_on_a_device_leaves_the_copies_out(fovea: Run, tmp_path: Path) -> None:
    """The fake's events are two milliseconds apart."""
    require(DRIVER, "./dev build")
    arguments = ("bench", "linear.mlir", "--target=cuda", "--time=20", "-q")
    environment = {"FOVEA_PTXAS": "none", "FAKE_CUDA_CALLS": str(tmp_path / "calls"), **FAKE}
    measured = json.loads(sound(fovea(*arguments, "--json", **environment)).stdout)
    assert measured["timed"].startswith("launches and kernels, by the device's clock")
    assert measured["min_ms"] == measured["median_ms"] == 2
    assert measured["peak_gflops"] is None
    assert measured["peak_fraction"] is None
    assert measured["gflops"] > 0
    calls = (tmp_path / "calls").read_text().splitlines()
    runs = sum(call.startswith("cuLaunchKernelEx") for call in calls)
    uploads = sum(call.startswith("cuMemcpyHtoDAsync") for call in calls)
    assert uploads == 3 < runs, "each input once, before all runs"
    to_host = {call.split()[1] for call in calls if call.startswith("cuMemcpyDtoHAsync")}
    assert to_host == {"40"}, "the record of faults, and the barriers' counter behind it"
    shown = sound(fovea(*arguments, **environment)).stdout
    assert "inputs and outputs stay on the device" in shown
