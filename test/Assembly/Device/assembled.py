"""Kernels through fovea-ptx and the pinned ptxas, and what the assembler says that they need.

ptxas and nvdisasm come from .cache/device (scripts/requirements-device.in); ./dev test puts them
there. Without them whatever asks is skipped.
"""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from build_tree import BUILD, ROOT, require

TOOLS = ROOT / ".cache" / "device" / "nvidia" / "cu13" / "bin"
ARCHITECTURES = ("sm_80", "sm_90")
LIMIT_SECONDS = 300
LINE = re.compile(
    r"^(\w+): (\d+) registers, (\d+) spilled, (\d+) stack, (\d+) static and (\d+) dynamic shared$"
)


@dataclass(frozen=True)
class Usage:
    """Registers of a thread; bytes that it spills and that it has in local memory; bytes of shared
    memory of a block, static and dynamic."""

    registers: int
    spilled: int
    stack: int
    static: int
    dynamic: int


def assemble(file: Path, arch: str, cubin: Path) -> dict[str, Usage]:
    """What each kernel needs, by name; compiled as the file's own test asks."""
    ptxas = require(TOOLS / "ptxas", "./dev build")
    options = re.search(r"RUN: fovea-ptx((?: --\w+)*) %s", file.read_text())
    asked = options[1].split() if options else []
    command = [str(BUILD / "bin" / "fovea-ptx"), str(file), *asked, "--gpu", arch,
               "--cubin", str(cubin)]  # fmt: skip
    done = subprocess.run(
        command, env=os.environ | {"FOVEA_PTXAS": str(ptxas)}, capture_output=True, text=True,
        timeout=LIMIT_SECONDS, check=False,
    )  # fmt: skip
    # Remarks of ptxas say that it serializes products, or gives up otherwise.
    assert (done.returncode, done.stderr) == (0, "")
    matches = [LINE.match(line) for line in done.stdout.splitlines()]
    assert matches and all(matches), done.stdout
    return {match[1]: Usage(*map(int, match.groups()[1:])) for match in matches if match}


def disassemble(cubin: Path) -> str:
    """With labels, and without an analysis of data that takes a quarter of the time."""
    command = [str(require(TOOLS / "nvdisasm")), "-c", "-ndf", str(cubin)]
    return subprocess.run(
        command, capture_output=True, text=True, timeout=LIMIT_SECONDS, check=True
    ).stdout
