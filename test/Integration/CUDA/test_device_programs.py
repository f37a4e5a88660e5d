"""Random programs of test/Fuzz by kernels of a GPU, under the emulator, against the reference."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

from pathlib import Path

import programs
import pytest
from build_tree import ALL, PROGRAM, require
from emulated_device import OPTIONS, REASON

require(PROGRAM, "./dev build")
SALT = 9
COUNT = 400 if ALL else 60


@pytest.mark.parametrize("number", range(COUNT))
def test_program(tmp_path: Path, number: int) -> None:
    verdict = programs.verify(PROGRAM, programs.make(SALT, number), tmp_path, OPTIONS)
    if programs.NOT_YET in verdict:
        pytest.skip(REASON)
    assert not verdict
