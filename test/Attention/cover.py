"""The programs of the grid: few enough to compile, and any three values meet in one of them.

A greedy covering array. Each row begins with a tuple of values that no row has yet and takes, for
the other dimensions in random order, the value that adds most tuples. Seeded: the same everywhere.
"""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import functools
import itertools
import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from crossings import CPUS, FEW_QUERIES, NAMED, OTHERS, Crossing, legal

Row = dict[str, object]
Tuple = tuple[tuple[str, object], ...]
DIMENSIONS: dict[str, tuple[object, ...]] = {**NAMED, **OTHERS}
ORDER = {name: place for place, name in enumerate(DIMENSIONS)}
# Programs of one compilation.
PROGRAMS = 7
# Rows that are tried for each that is taken.
TRIES = 4


def tuple_names() -> list[tuple[str, ...]]:
    """The sets of dimensions whose values all meet: three named ones, or two of any."""
    pairs = itertools.combinations(DIMENSIONS, 2)
    return [*itertools.combinations(NAMED, 3), *(pair for pair in pairs if set(pair) - set(NAMED))]


def wanted() -> list[Tuple]:
    """Every legal tuple of values."""
    tuples = (
        tuple(zip(names, values, strict=True))
        for names in tuple_names()
        for values in itertools.product(*(DIMENSIONS[name] for name in names))
    )
    return [one for one in tuples if legal(dict(one))]


def tuples_of(row: Row) -> Iterator[Tuple]:
    """The tuples that a whole row has."""
    for names in tuple_names():
        yield tuple((name, row[name]) for name in names)


class _Cover:
    def __init__(self, tuples: Iterable[Tuple]) -> None:
        self.rng = random.Random(2026)
        self.missing = dict.fromkeys(tuples)
        self.by_name: dict[str, list[tuple[str, ...]]] = {name: [] for name in DIMENSIONS}
        for names in tuple_names():
            for name in names:
                self.by_name[name].append(names)

    def gain(self, row: Row, name: str, value: object) -> int:
        """Missing tuples that a value would add to what the row has."""
        if not legal(row | {name: value}):
            return -1
        count = 0
        for names in self.by_name[name]:
            if all(other == name or other in row for other in names):
                one = tuple((n, value if n == name else row[n]) for n in names)
                count += one in self.missing
        return count

    def candidate(self) -> Row:
        row: Row = dict(next(iter(self.missing)))
        names = [name for name in DIMENSIONS if name not in row]
        self.rng.shuffle(names)
        for name in names:
            values = list(DIMENSIONS[name])
            self.rng.shuffle(values)
            row[name] = max(values, key=lambda value: self.gain(row, name, value))
        return row

    def rows(self) -> Iterator[Row]:
        while self.missing:
            made = [self.candidate() for _ in range(TRIES)]
            best = max(made, key=lambda row: sum(one in self.missing for one in tuples_of(row)))
            for one in tuples_of(best):
                self.missing.pop(one, None)
            yield best


@functools.cache
def programs() -> tuple[Crossing, ...]:
    """All programs of the grid: of any number of queries, and where that takes another form, each
    once more with few."""
    shuffled = wanted()
    random.Random(7).shuffle(shuffled)
    made: list[Crossing] = []
    few = itertools.cycle(FEW_QUERIES)
    for row in _Cover(shuffled).rows():
        made.append(Crossing(**row))  # type: ignore[arg-type]
        if made[-1].streams:
            made.append(replace(made[-1], queries=next(few)))
    return tuple(made)


def sample(count: int, seed: int) -> tuple[int, ...]:
    """Numbers of programs that have each value of each dimension: the one that adds most, then
    random ones."""
    rest = list(range(len(programs())))
    random.Random(seed).shuffle(rest)
    values = {(name, value) for name in DIMENSIONS for value in DIMENSIONS[name]}
    taken: list[int] = []
    while len(taken) < count:
        best = max(rest, key=lambda number: len(values & set(vars(programs()[number]).items())))
        values -= set(vars(programs()[best]).items())
        rest.remove(best)
        taken.append(best)
    assert not values
    return tuple(taken)


@dataclass(frozen=True)
class Group:
    """Numbers of the programs of one compilation, and its instruction set."""

    numbers: tuple[int, ...]
    cpu: str

    def __str__(self) -> str:
        return f"{self.cpu}_from_{self.numbers[0]}"


@functools.cache
def modules() -> tuple[Group, ...]:
    """What is compiled: every program for every instruction set."""
    numbers = range(len(programs()))
    starts = range(0, len(numbers), PROGRAMS)
    return tuple(Group(tuple(numbers[at : at + PROGRAMS]), cpu) for at in starts for cpu in CPUS)


def count(crossings: Sequence[Crossing], **values: object) -> int:
    """How many programs have these values."""
    return sum(all(getattr(c, n) == value for n, value in values.items()) for c in crossings)
