"""Thousands of attention cases against float64: see crossings.py for what is crossed.

A sample of the modules runs by default, all with ./dev test --all. Every case checks results
against the oracle's bound, one thread against two bit by bit, and, with NaN and infinities in keys
and values, that rows which exclude them have the bits that they had.
"""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

from pathlib import Path

import pytest
from build_tree import ALL, PROGRAM, require
from cover import DIMENSIONS, Group, modules, programs, tuples_of, wanted
from crossings import CPUS
from grid import CASES, Tally, chosen, run_module, run_reference

require(PROGRAM, "./dev build")
TALLY = Tally()
MOST_COMPILES = 150
LEAST_CASES = 3000


@pytest.mark.parametrize("group", chosen(), ids=str)
def test_cpu_agrees_with_float64(group: Group) -> None:
    wrong = list(run_module(group, TALLY))
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("group", [one for one in chosen() if one.cpu == CPUS[0]], ids=str)
def test_reference_agrees_with_float64(group: Group, tmp_path: Path) -> None:
    wrong = [text for number in group.numbers if (text := run_reference(number, tmp_path))]
    TALLY.reference += len(group.numbers)
    assert not wrong, "\n".join(wrong)


def test_as_many_cases_and_compilations_ran_as_planned() -> None:
    """Of the tests above, in this session."""
    if len(chosen()) != TALLY.modules:
        pytest.skip("some of the grid's modules were deselected or failed")
    count = sum(len(group.numbers) for group in chosen())
    assert (len(chosen()), count * CASES, count) == (
        TALLY.compiles, TALLY.cases, TALLY.reference * len(CPUS)
    )  # fmt: skip
    if ALL:
        assert TALLY.cases >= LEAST_CASES
        assert TALLY.compiles <= MOST_COMPILES


def test_poison_and_empty_rows_are_in_many_cases() -> None:
    if len(chosen()) != TALLY.modules:
        pytest.skip("some of the grid's modules were deselected or failed")
    assert TALLY.guarded > TALLY.cases / 4
    assert TALLY.empty > TALLY.cases / 6


def test_bounds_are_near_what_errors_are() -> None:
    """A bound far above every error would let a wrong result pass."""
    if len(chosen()) != TALLY.modules:
        pytest.skip("some of the grid's modules were deselected or failed")
    assert TALLY.used["f32"] > 0.05
    assert TALLY.used["f16"] > 0.5
    assert TALLY.used["bf16"] > 0.5


def test_the_whole_grid_is_large_enough_and_compiles_little() -> None:
    assert len(programs()) * CASES >= LEAST_CASES
    assert len(modules()) <= MOST_COMPILES
    for cpu in CPUS:
        numbers = [number for group in modules() if group.cpu == cpu for number in group.numbers]
        assert numbers == list(range(len(programs())))


def test_any_three_named_values_and_any_two_of_all_are_crossed() -> None:
    missing = set(wanted())
    for program in programs():
        missing -= set(tuples_of(vars(program)))
    assert not missing


def test_the_sample_has_each_value_of_each_dimension() -> None:
    sampled = [programs()[number] for group in chosen() for number in group.numbers]
    for name, values in DIMENSIONS.items():
        assert {getattr(program, name) for program in sampled} == set(values), name
