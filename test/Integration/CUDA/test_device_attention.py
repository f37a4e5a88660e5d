"""The attention grid by kernels of a GPU, under the emulator: a sample of its programs, or all.

Results, poison and bounds are checked as in test/Attention.
"""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import pytest
from build_tree import ALL, PROGRAM, require
from cover import Group, programs, sample
from emulated_device import TARGET
from grid import CASES, Tally, run_module

require(PROGRAM, "./dev build")
NUMBERS = tuple(range(len(programs()))) if ALL else sample(110, seed=6)
# Of the sample's cases; the others may be skipped.
LEAST_CASES = 600
TALLY = Tally()
SEEN: set[int] = set()


@pytest.mark.parametrize("number", NUMBERS)
def test_agrees_with_float64(number: int) -> None:
    SEEN.add(number)
    wrong = list(run_module(Group((number,), TARGET), TALLY))
    assert not wrong, "\n".join(wrong)


def test_enough_cases_ran_with_poison_and_empty_rows() -> None:
    if len(SEEN) < len(NUMBERS):
        pytest.skip("some of the sample was deselected")
    assert TALLY.cases == TALLY.modules * CASES >= LEAST_CASES
    assert TALLY.guarded > TALLY.cases / 4
    assert TALLY.empty > TALLY.cases / 6


def test_bounds_are_near_what_errors_are() -> None:
    if len(SEEN) < len(NUMBERS):
        pytest.skip("some of the sample was deselected")
    assert TALLY.used["f32"] > 0.05
    assert TALLY.used["f16"] > 0.5
    assert TALLY.used["bf16"] > 0.5
