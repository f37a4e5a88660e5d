"""A sample of the attention grid on AArch64: results, threads and poison as in test/Attention."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import emulator
import pytest
from build_tree import ALL
from case_inputs import cases_of
from cover import programs, sample
from grid import Tally
from grid_check import check
from program_text import entry

PROGRAMS = len(programs()) if ALL else 34
# Of each program. Few, for an emulator is slow; the whole grid runs on this machine's processor.
CASES = 6
TOGETHER = 4
TALLY = Tally()

emulator.shared()


def groups() -> list[tuple[int, ...]]:
    numbers = sample(PROGRAMS, seed=12)
    return [numbers[at : at + TOGETHER] for at in range(0, PROGRAMS, TOGETHER)]


@pytest.mark.parametrize("numbers", groups(), ids=lambda numbers: f"from_{numbers[0]}")
def test_agrees_with_float64(numbers: tuple[int, ...]) -> None:
    text = "".join(entry(programs()[number], f"program_{number}") for number in numbers)
    wrong = []
    with emulator.loaded(text, threads=(1, 2)) as (one, two):
        for number in numbers:
            entries = one[f"program_{number}"], two[f"program_{number}"]
            for case in cases_of(programs()[number], number, CASES):
                outcome = check(entries, case)
                TALLY.add(case.crossing, outcome)
                wrong += [outcome.wrong] if outcome.wrong else []
    TALLY.modules += 1
    assert not wrong, "\n".join(wrong)


def test_poison_and_empty_rows_are_in_many_cases() -> None:
    if len(groups()) != TALLY.modules:
        pytest.skip("some of the sample was deselected or failed")
    assert TALLY.cases == PROGRAMS * CASES
    assert TALLY.guarded > TALLY.cases / 4
    assert TALLY.empty > TALLY.cases / 6


def test_bounds_are_near_what_errors_are() -> None:
    if len(groups()) != TALLY.modules:
        pytest.skip("some of the sample was deselected or failed")
    assert TALLY.used["f32"] > 0.05
    assert TALLY.used["f16"] > 0.5
    assert TALLY.used["bf16"] > 0.5
