"""Every kernel of this folder, assembled for each architecture: what it needs, and its loops.

Those of the folder Forms are written by the target's schedules, the others by hand: `copy` and
`row_sum` are no forms, but the least kernels that there are. Whole programs are held to their forms
by test_program_gate.py.
"""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path

import check_sass
import pytest
from assembled import ARCHITECTURES, TOOLS, assemble, disassemble
from build_tree import require

HERE = Path(__file__).resolve().parent
USAGE = tomllib.loads((HERE / "usage.toml").read_text())
FILES = sorted(HERE.rglob("*.mlir"))
# Registers that a limit may lie above what is needed: a table that is never reached says nothing.
SLACK = 16


def kernels_of(text: str) -> list[str]:
    """Names of a file's kernels. Of host code, the kernels of its loops, which its checks name."""
    is_host = "fovea.entry" in text
    return re.findall(r"\.visible \.entry (\w+)" if is_host else r"func @(\w+)", text)


def test_every_kernel_has_its_line() -> None:
    named = {name for file in FILES for name in kernels_of(file.read_text())}
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
    # f32 is rounded for tensor cores where a file asks for it, and nowhere else.
    assert (".TF32" in code) == ("--tf32" in file.read_text())
    for name, usage in kernels.items():
        limits = USAGE[name]
        assert (usage.spilled, usage.stack, usage.static) == (0, 0, 0), name
        assert usage.dynamic == limits["shared"], name
        limit = limits["registers"][arch]
        assert limit - SLACK <= usage.registers <= limit, f"{name}: {usage.registers} registers"
        promised = {key: limits.get(key, 0) for key in ("tensor", "wide", "matrices")}
        assert check_sass.problems(code, name, **promised) == []
