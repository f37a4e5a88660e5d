"""The attention grid by kernels of a GPU, under the emulator: a sample of its programs, or all.

Results, poison and bounds are checked as in test/Attention.
"""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import pytest
from build_tree import ALL, PROGRAM, require
from cover import Group, programs, sample
from grid import CASES, Tally, run_module
from grid_sample import Sample

require(PROGRAM, "./dev build")
NUMBERS = tuple(range(len(programs()))) if ALL else sample(110, seed=6)
SAMPLE = Sample(NUMBERS, Group, run_module, Tally(), CASES)
LEAST_CASES = 880


@pytest.mark.parametrize("number", NUMBERS)
def test_agrees_with_float64(number: int) -> None:
    SAMPLE.check(number)


def test_enough_cases_ran_with_poison_and_empty_rows() -> None:
    SAMPLE.check_counts(refused=0, least=LEAST_CASES)
    assert SAMPLE.tally.guarded > SAMPLE.tally.cases / 4
    assert SAMPLE.tally.empty > SAMPLE.tally.cases / 6


def test_bounds_are_near_what_errors_are() -> None:
    SAMPLE.check_bounds({"f32": 0.05, "f16": 0.5, "bf16": 0.5})
