"""A sample of a grid's programs by kernels of a GPU, one a test, and whether all of it ran."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

import pytest
from emulated_device import TARGET


class Tally(Protocol):
    """What both grids count."""

    modules: int
    cases: int
    used: dict[str, float]


G = TypeVar("G")
T = TypeVar("T", bound=Tally)


@dataclass
class Sample(Generic[G, T]):
    """Numbers of programs, how a grid groups and runs them, and how many cases each has."""

    numbers: Sequence[int]
    group: Callable[[tuple[int, ...], str], G]
    run_module: Callable[[G, T], Iterator[str]]
    tally: T
    cases: int
    seen: set[int] = field(default_factory=set)

    def check(self, number: int) -> None:
        self.seen.add(number)
        wrong = list(self.run_module(self.group((number,), TARGET), self.tally))
        assert not wrong, "\n".join(wrong)

    def require_whole(self) -> T:
        """What was counted; skips the test that asks when programs were deselected."""
        if len(self.seen) < len(self.numbers):
            pytest.skip("some of the sample was deselected")
        return self.tally

    def check_counts(self, refused: int, least: int) -> None:
        """But for the refused programs all ran, with all their cases."""
        tally = self.require_whole()
        assert tally.modules == len(self.numbers) - refused
        assert tally.cases == tally.modules * self.cases >= least

    def check_bounds(self, least: Mapping[str, float]) -> None:
        """Of its bound, an error used at least this part, by type: a bound far above every error
        would let a wrong result pass."""
        used = self.require_whole().used
        for dtype, part in least.items():
            assert used[dtype] > part, dtype
