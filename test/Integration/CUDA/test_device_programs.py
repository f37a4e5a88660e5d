"""Random programs of test/Fuzz by kernels of a GPU, under the emulator, against the reference."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

from pathlib import Path

import programs
import pytest
from build_tree import ALL, PROGRAM, require
from emulated_device import OPTIONS, Refusal
from emulator_seeds import SEEDS

require(PROGRAM, "./dev build")
SALT = 9
COUNT = 400 if ALL else 60
# Of all, so many must have been compared with the reference; the others may be refused.
LEAST_PART = 0.8
SEEN: set[int] = set()
COMPARED: set[int] = set()


@pytest.mark.parametrize("number", range(COUNT))
def test_program(tmp_path: Path, number: int, refusal: Refusal) -> None:
    SEEN.add(number)
    options = (*OPTIONS, f"--emulate-seed={SEEDS[number % len(SEEDS)]}")
    verdict = programs.verify(PROGRAM, programs.make(SALT, number), tmp_path, options)
    if programs.is_refused(verdict, options):
        # Which ones decide by elements of a tensor is the generator's choice.
        refusal.expected = True
        refusal.skip()
    assert not verdict
    COMPARED.add(number)


def test_enough_programs_were_compared() -> None:
    if len(SEEN) < COUNT:
        pytest.skip("some of the programs were deselected")
    assert len(COMPARED) >= LEAST_PART * COUNT
