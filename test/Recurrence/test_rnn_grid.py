"""More than a thousand cases of recurrence against float64; rnn_programs.py says what is crossed.

A sample of the modules runs by default, all with ./dev test --all. Every case checks results
against the oracle's bounds, with NaN behind the ends of rows, and one thread against two bit by
bit.
"""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

from pathlib import Path

import pytest
from build_tree import ALL, PROGRAM, require
from rnn_grid import CASES, Tally, chosen, run_module, run_reference
from rnn_programs import CPUS, DIMENSIONS, Group, modules, pairs_of, programs, wanted

require(PROGRAM, "./dev build")
TALLY = Tally()
MOST_COMPILES = 120
LEAST_CASES = 1000


@pytest.mark.parametrize("group", chosen(), ids=str)
def test_cpu_agrees_with_float64(group: Group) -> None:
    wrong = list(run_module(group, TALLY))
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("group", [one for one in chosen() if one.cpu == CPUS[0]], ids=str)
def test_reference_agrees_with_float64(group: Group, tmp_path: Path) -> None:
    wrong = [text for number in group.numbers if (text := run_reference(number, tmp_path))]
    assert not wrong, "\n".join(wrong)


def test_as_many_cases_and_compilations_ran_as_planned() -> None:
    """Of the tests above, in this session."""
    if len(chosen()) != TALLY.modules:
        pytest.skip("some of the grid's modules were deselected or failed")
    count = sum(len(group.numbers) for group in chosen())
    assert (TALLY.compiles, TALLY.cases) == (len(chosen()), count * CASES)
    assert TALLY.guarded > TALLY.cases / 4
    if ALL:
        assert TALLY.compiles <= MOST_COMPILES


def test_no_step_is_left_to_the_host() -> None:
    """It would launch each kernel of each step by itself, on one thread or after a barrier."""
    if len(chosen()) != TALLY.modules:
        pytest.skip("some of the grid's modules were deselected or failed")
    assert set(TALLY.loops) <= {"team", "sections", "loop_by_itself", "wavefront"}, TALLY.loops
    assert TALLY.loops["team"] > TALLY.modules


def test_bounds_are_near_what_errors_are() -> None:
    """A bound far above every error would let a wrong result pass."""
    if len(chosen()) != TALLY.modules:
        pytest.skip("some of the grid's modules were deselected or failed")
    for dtype, least in {"f32": 0.05, "f64": 0.02, "f16": 0.3, "bf16": 0.3}.items():
        assert TALLY.used[dtype] > least, dtype


def test_the_whole_grid_is_large_enough_and_compiles_little() -> None:
    # Cases of one instruction set.
    assert len(programs()) * CASES >= LEAST_CASES
    assert len(modules()) <= MOST_COMPILES
    for cpu in CPUS:
        numbers = [number for group in modules() if group.cpu == cpu for number in group.numbers]
        assert numbers == list(range(len(programs())))


def test_any_two_values_of_a_kind_are_crossed() -> None:
    for kind, dimensions in DIMENSIONS.items():
        missing = set(wanted(kind))
        for program in programs():
            if program.is_cell if kind == "cell" else program.kind == kind:
                row = {name: getattr(program, name) for name in dimensions}
                missing -= set(pairs_of(row))
        assert not missing


def test_the_sample_has_every_kind() -> None:
    kinds = {programs()[number].kind for group in chosen() for number in group.numbers}
    assert kinds == {program.kind for program in programs()}
