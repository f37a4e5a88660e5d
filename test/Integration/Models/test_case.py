"""The comparison and the verdicts of the examples fail where they must."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import math

import numpy as np
import pytest
from case import Case, report

ONES = np.ones((2, 3))


def case_of(*results: np.ndarray) -> Case:
    """A case that expects ones of each of its results."""
    case = Case("made", None, 0.1, 0.1)
    for index, result in enumerate(results):
        case.compare(f"y{index}", result, ONES)
    return case


def changed(value: float) -> np.ndarray:
    """Ones, but for the last element."""
    result = ONES.astype(np.float32)
    result[-1, -1] = value
    return result


def test_results_within_the_tolerance_pass(capsys: pytest.CaptureFixture[str]) -> None:
    case = case_of(ONES, changed(1 + 5e-5))
    assert report([case]) == 0
    assert capsys.readouterr().out.endswith("PASS made\n")
    assert case.worst_error == pytest.approx(5e-5, rel=1e-2)


@pytest.mark.parametrize(
    ("result", "problem"),
    [
        (changed(1 + 2e-4), "y1 is off by 0.0002, allowed is 1e-04"),
        (changed(math.nan), "y1 is off by nan"),
        (changed(math.inf), "y1 is off by inf"),
        (ONES[:1], "y1 has shape (1, 3), expected (2, 3)"),
        (ONES.ravel(), "y1 has shape (6,), expected (2, 3)"),
    ],
)
def test_other_results_fail(
    capsys: pytest.CaptureFixture[str], result: np.ndarray, problem: str
) -> None:
    assert report([case_of(ONES), case_of(ONES, result, ONES)]) == 1
    *_, sound, wrong = capsys.readouterr().out.splitlines()
    assert sound == "PASS made"
    assert wrong.startswith(f"FAIL made: {problem}")


def test_a_nan_is_the_worst_error() -> None:
    assert math.isnan(case_of(changed(math.nan), ONES).worst_error)


def test_what_does_not_hold_fails() -> None:
    case = case_of(ONES)
    case.expect("more speech than silence", False)
    assert report([case]) == 1
