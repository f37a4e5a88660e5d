"""Which ptxas is taken, which is refused, and what an artefact without cubins says."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from build_tree import Run, require, sound
from test_cuda_target import DRIVER, FAKE, sections


def test_without_ptxas_there_is_ptx_alone(fovea: Run) -> None:
    sound(fovea("compile", "linear.mlir", "--target=cuda", FOVEA_PTXAS="none"))
    assert sections(fovea, "linear.fvm") == ["code 'cpu'", "code 'compute_80'"]
    told = sound(fovea("doctor", FOVEA_PTXAS="none")).stdout
    assert "WARN  ptxas" in told
    assert "artefacts have PTX alone, which the driver assembles" in told


def test_a_ptxas_that_fails_is_an_error(fovea: Run, ptxas: dict[str, str]) -> None:
    result = fovea("compile", "linear.mlir", "--target=cuda", REFUSED="sm_90", **ptxas)
    assert result.returncode == 4
    assert "no sm_90 today" in result.stderr
    result = fovea("compile", "linear.mlir", "--target=cuda", FOVEA_PTXAS="/nowhere/ptxas")
    assert result.returncode == 3
    assert "'/nowhere/ptxas', which FOVEA_PTXAS or the option ptxas names" in result.stderr


def test_a_ptxas_that_is_too_old_is_refused(fovea: Run, ptxas: dict[str, str]) -> None:
    result = fovea("compile", "linear.mlir", "--target=cuda", RELEASE="11.8", **ptxas)
    assert result.returncode == 3
    assert "error[FV0324]" in result.stderr and "report this as a bug" not in result.stderr
    assert "is of CUDA 11.8, and PTX 8.0 needs that of CUDA 12.0 or later" in result.stderr
    assert "is of CUDA 11.8" in sound(fovea("doctor", RELEASE="11.8", **ptxas)).stdout


def test_what_is_no_ptxas_is_refused_when_it_is_named(fovea: Run) -> None:
    result = fovea("compile", "linear.mlir", "--target=cuda", FOVEA_PTXAS="/bin/false")
    assert result.returncode == 3
    assert "error[FV0324]: '/bin/false' is no ptxas" in result.stderr
    assert "try: name another ptxas, or 'none' for an artefact with PTX alone" in result.stderr
    sound(fovea("compile", "linear.mlir", "--target=cuda", "--emulate", FOVEA_PTXAS="/bin/false"))


def test_an_older_ptxas_is_taken_with_a_warning(fovea: Run, ptxas: dict[str, str]) -> None:
    sound(fovea("compile", "linear.mlir", "--target=cuda", RELEASE="13.2", **ptxas))
    told = sound(fovea("doctor", RELEASE="13.2", **ptxas)).stdout
    assert (
        f"WARN  ptxas     {ptxas['FOVEA_PTXAS']} is of CUDA 13.2: taken; those before 13.3" in told
    )
    told = sound(fovea("doctor", RELEASE="13.3", **ptxas)).stdout
    assert f"OK    ptxas     {ptxas['FOVEA_PTXAS']}\n" in told


def test_it_is_asked_once_for_its_release(fovea: Run, tmp_path: Path) -> None:
    """By a compilation and by doctor, whether it is named or found."""
    folder = tmp_path / "counted"
    folder.mkdir()
    script = folder / "ptxas"
    script.write_text(
        '#!/bin/sh\nif [ "$1" = --version ]; then echo x >> "$COUNT"; '
        'echo "release 13.5"; else touch "$6"; fi\n'
    )
    script.chmod(0o755)
    named = {"FOVEA_PTXAS": str(script)}
    found = {"FOVEA_PTXAS": "", "PATH": f"{folder}:/usr/bin:/bin"}
    beside = Path("/usr/local/cuda/bin/ptxas").exists()
    for way in [named] if beside else [named, found]:
        for command in (["compile", "linear.mlir", "--target=cuda"], ["doctor"]):
            count = tmp_path / "count"
            count.write_text("")
            sound(fovea(*command, COUNT=str(count), **way))
            assert count.read_text() == "x\n", (command, way)


def check_notes(fovea: Run, why: str) -> None:
    """The artefact has no cubins, and says why."""
    assert "code 'sm_80'" not in sections(fovea, "linear.fvm")
    for verb in ("inspect", "explain"):
        told = " ".join(sound(fovea(verb, "linear.fvm", **FAKE)).stdout.split())
        assert re.search(f"note:? no cubins, the driver assembles the PTX: ptxas .*{why}", told)
        (note,) = json.loads(sound(fovea(verb, "linear.fvm", "--json", **FAKE)).stdout)["notes"]
        assert note.startswith("no cubins")


def test_an_artefact_says_why_it_has_no_cubins(fovea: Run, ptxas: dict[str, str]) -> None:
    require(DRIVER, "./dev build")
    sound(fovea("compile", "linear.mlir", "--target=cuda", **ptxas))
    for verb in ("inspect", "explain"):
        assert "note" not in sound(fovea(verb, "linear.fvm", **FAKE)).stdout
    sound(fovea("compile", "linear.mlir", "--target=cuda", FOVEA_PTXAS="none"))
    check_notes(fovea, "is not used, as FOVEA_PTXAS or the option ptxas asks")


@pytest.mark.skipif(Path("/usr/local/cuda/bin/ptxas").exists(), reason="a toolkit is found first")
def test_a_ptxas_that_is_found_and_too_old_is_noted(
    fovea: Run, tmp_path: Path, ptxas: dict[str, str]
) -> None:
    require(DRIVER, "./dev build")
    (tmp_path / "beside").mkdir()
    Path(ptxas["FOVEA_PTXAS"]).rename(tmp_path / "beside" / "ptxas")
    path = {"PATH": f"{tmp_path / 'beside'}:/usr/bin:/bin", "FOVEA_PTXAS": "", "RELEASE": "11.8"}
    sound(fovea("compile", "linear.mlir", "--target=cuda", **path))
    check_notes(fovea, "is of CUDA 11.8")
