"""A visit by NVIDIA's driver interface, with the driver of the runtime's tests in its place.

That one does everything at once, takes any code and runs no kernel of an artefact: results are
wrong, but each call that a visit makes of the driver is made.
"""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

from pathlib import Path

import gpu.prepare
import pytest
from build_tree import BUILD, PROGRAM, require
from gpu_visit import Visit, visit

require(PROGRAM, "./dev build")
DRIVER = require(BUILD / "lib" / "fake-cuda" / "libcuda.so.1", "./dev build")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With PTX alone, which takes least time to make."""
    made = tmp_path_factory.mktemp("visit") / "gpu-visit"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FOVEA_PTXAS", "none")
        assert gpu.prepare.prepare(made, emulated=False, tiny=True) == {}
    return made


def run(folder: Path, out: Path, sections: str, **environment: str) -> Visit:
    return visit(folder, out / "lines.jsonl", "--sections", sections,
                 LD_LIBRARY_PATH=str(DRIVER.parent), **environment)  # fmt: skip


def test_every_section_goes_through_the_driver(folder: Path, tmp_path: Path) -> None:
    """A kernel that does nothing gives no result of the emulator's cases."""
    done = run(folder, tmp_path, "doctor,limits,conformance,gemm,decode,model")
    assert done.code == 1, done.text
    for section in ("doctor", "limits", "gemm", "decode", "model"):
        assert done.of(section) and all(line["ok"] for line in done.of(section)), done.text
    assert not [line for line in done.of("conformance") if line["ok"]]
    assert "Traceback" not in done.text
    for line in done.of("gemm"):
        # A run and a graph take two milliseconds by this driver.
        ours = line["systems"]["fovea"]
        assert ours["median_us"] == ours["graph_median_us"] == 2000 and "graph_error" not in ours


def test_doctor_knows_each_kernel(folder: Path, tmp_path: Path) -> None:
    done = run(folder, tmp_path, "doctor")
    machine, *loaded, packages = done.of("doctor")
    assert packages["found"]["numpy"]
    assert machine["device"]["name"] == "Fake GPU 0" and machine["driver"] == "13.0"
    attention = next(line for line in loaded if "attn_full" in line["case"])
    assert attention["launched"]["kernel_0_attention"]["shared"] > 0
    by_hand = next(line for line in loaded if "conformance" in line["case"])["launched"]
    assert by_hand["barrier_of_all_blocks_kernel"]["cooperative"] == 1
    assert by_hand["mma_sync_f16_kernel"]["cooperative"] == 0
    for section in attention["sections"].values():
        assert section["result"] == "loaded"
        assert section["kernels"]["kernel_0_attention"]["registers"] == 1004
    assert list(attention["sections"]) == ["compute_80"]


def test_code_that_is_refused_has_its_reason(folder: Path, tmp_path: Path) -> None:
    done = run(folder, tmp_path, "doctor", FAKE_CUDA_FAIL="cuModuleLoadDataEx:222")
    refused = [line for line in done.of("doctor") if "refused" in line]
    assert len(refused) == 1 and "(number 222)" in str(refused[0]["refused"])
    assert "refused by the fake" in str(refused[0]["sections"])
    assert "code that the driver refuses" in done.text


def test_an_old_driver_is_named(folder: Path, tmp_path: Path) -> None:
    done = run(folder, tmp_path, "doctor", FAKE_CUDA_VERSION="11080")
    assert done.code == 1
    assert "is too old: it supports CUDA 11.8" in done.of("doctor")[1]["error"]


def test_a_lost_device_ends_its_process_alone(folder: Path, tmp_path: Path) -> None:
    """The first launch of each process fails."""
    done = run(folder, tmp_path, "limits", FAKE_CUDA_FAIL="cuLaunchKernelEx:700")
    found = done.of("limits")
    lost = [line for line in found if not line["ok"]]
    assert [line["case"] for line in lost] == [line["case"] for line in found][1:]
    assert all("CUDA_ERROR_ILLEGAL_ADDRESS" in line["device_lost"] for line in lost)
    assert [line["behind"] for line in done.lines if "behind" in line]


def test_no_device_ends_the_visit(folder: Path, tmp_path: Path) -> None:
    done = run(folder, tmp_path, "doctor,limits", FAKE_CUDA_DEVICES="0")
    assert done.code == 6
    assert "finds no device" in done.lines[0]["unusable"]
    assert done.lines[1]["skipped"] == "the device is of no use: doctor, limits"
    assert len(done.lines) == 2


def test_no_driver_ends_the_visit(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "libcuda.so.1").write_text("no library")
    done = visit(folder, tmp_path / "lines.jsonl", LD_LIBRARY_PATH=str(tmp_path))
    assert done.code == 6
    assert "there is no CUDA driver" in done.lines[0]["unusable"]
