"""What the operations that are measured have in common: inputs by name, and what is expected."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

Feed = dict[str, np.ndarray]

# Half the distance from 1 to the next number: the largest relative error of one rounding.
UNITS = {"f32": 2.0**-24, "bf16": 2.0**-8}


@dataclass(frozen=True)
class Expected:
    """The result in float64, and how far an element of a sound one may be off at most; `narrow` is
    that of a system that computes in less than is asked for."""

    result: np.ndarray
    tolerance: float
    narrow: float | None = None


@dataclass(frozen=True)
class Steps:
    """Work that follows itself: so many steps, each of which reads the same bytes again and does so
    many operations, `rate` times as fast as multiply-adds of f32 can be."""

    count: int
    bytes: int
    flops: int
    rate: float = 1.0


class Problem(Protocol):
    """An operation at fixed sizes. Inputs are the same whenever and wherever they are made."""

    dtype: str

    @property
    def label(self) -> str:
        """Names it and its sizes."""

    def flops(self) -> int:
        """Operations of use."""

    def bytes(self) -> int:
        """What has to be read and written at least."""

    def steps_of(self) -> Steps | None:
        """What it does one after the other, out of flops(); None when nothing has to be."""

    def inputs(self) -> Feed: ...

    def expected(self, feed: Feed) -> Expected: ...


def typed(array: np.ndarray, dtype: str) -> np.ndarray:
    """A float32 array rounded to the dtype."""
    if dtype == "f32":
        return array
    import ml_dtypes

    return array.astype(ml_dtypes.bfloat16)


def largest_error(got: np.ndarray, expected: Expected) -> float:
    """NaN when there is one in the result, infinite when its shape is another."""
    if got.shape != expected.result.shape:
        return float("inf")
    return float(np.abs(got.astype(np.float64) - expected.result).max(initial=0))
