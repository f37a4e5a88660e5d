"""Every kernel of this folder, assembled for each architecture: what it needs, and its loops.

Those of the folder Forms are written by the target's schedules.

ptxas and nvdisasm come from .cache/device (scripts/requirements-device.in); ./dev test puts them
there. Without them the cases are skipped.
"""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import os
import re
import subprocess
import tomllib
from pathlib import Path

import check_sass
import pytest
from build_tree import BUILD, ROOT, require

HERE = Path(__file__).resolve().parent
USAGE = tomllib.loads((HERE / "usage.toml").read_text())
TOOLS = ROOT / ".cache" / "device" / "nvidia" / "cu13" / "bin"
ARCHITECTURES = ("sm_80", "sm_90")
FILES = sorted(HERE.rglob("*.mlir"))
# Registers that a limit may lie above what is needed: a table that is never reached says nothing.
SLACK = 16
LINE = re.compile(
    r"^(\w+): (\d+) registers, (\d+) spilled, (\d+) stack, (\d+) static and (\d+) dynamic shared$"
)


def assemble(file: Path, arch: str, cubin: Path) -> dict[str, tuple[int, ...]]:
    """Registers, spilled bytes, stack, static and dynamic shared memory of each kernel."""
    ptxas = require(TOOLS / "ptxas", "./dev build")
    command = [str(BUILD / "bin" / "fovea-ptx"), str(file), "--gpu", arch, "--cubin", str(cubin)]
    done = subprocess.run(
        command, env=os.environ | {"FOVEA_PTXAS": str(ptxas)}, capture_output=True, text=True,
        timeout=120, check=False,
    )  # fmt: skip
    # Remarks of ptxas say that it serializes products, or gives up otherwise.
    assert (done.returncode, done.stderr) == (0, "")
    matches = [LINE.match(line) for line in done.stdout.splitlines()]
    assert matches and all(matches), done.stdout
    return {match[1]: tuple(map(int, match.groups()[1:])) for match in matches if match}


def disassemble(cubin: Path) -> str:
    command = [str(require(TOOLS / "nvdisasm")), "-c", str(cubin)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=True).stdout


def test_every_kernel_has_its_line() -> None:
    named = {name for file in FILES for name in re.findall(r"func @(\w+)", file.read_text())}
    assert named == set(USAGE)


def test_assembler_is_new_enough() -> None:
    ptxas = require(TOOLS / "ptxas", "./dev build")
    text = subprocess.run([ptxas, "--version"], capture_output=True, text=True, check=True).stdout
    release = re.search(r"release (\d+)\.(\d+)", text)
    assert release and tuple(map(int, release.groups())) >= (13, 3), text


@pytest.mark.parametrize("arch", ARCHITECTURES)
@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(HERE)))
def test_needs_and_loops(file: Path, arch: str, tmp_path: Path) -> None:
    cubin = tmp_path / "kernels.cubin"
    kernels = assemble(file, arch, cubin)
    code = disassemble(cubin)
    for name, (registers, spilled, stack, static, dynamic) in kernels.items():
        limits = USAGE[name]
        assert (spilled, stack, static) == (0, 0, 0), name
        assert dynamic == limits["shared"], name
        limit = limits["registers"][arch]
        assert limit - SLACK <= registers <= limit, f"{name}: {registers} registers"
        assert check_sass.problems(code, name, limits.get("tensor", 0)) == []
