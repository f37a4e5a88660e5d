"""Kernels of a GPU on AArch64: the fibres of that processor, and every operation of a warp."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import subprocess

import emulator
import pytest

CONFORMANCE = emulator.RUNNER.with_name("fovea-conformance")


def test_operations_of_a_warp() -> None:
    if reason := emulator.missing():
        pytest.skip(reason)
    command = [emulator.EMULATOR, "-L", str(emulator.SYSROOT), str(CONFORMANCE)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stdout) == (0, "55 cases\n")
