"""Models as PyTorch exports them, compiled and compared with PyTorch.

The outcome of each case must be the one that outcomes.txt lists, also where that is no pass: what
works by now must be listed so.
"""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import os
from pathlib import Path

import pytest
from cases import Case, all_cases, outcome

LISTED = dict(
    line.split(": ", 1)
    for line in (Path(__file__).parent / "outcomes.txt").read_text().splitlines()
    if line and not line.startswith("#")
)
CASES = all_cases(sample=not os.environ.get("FOVEA_TEST_ALL"))


@pytest.mark.parametrize("case", CASES, ids=str)
def test_outcome_is_the_listed_one(case: Case, tmp_path: Path) -> None:
    assert outcome(case, tmp_path) == LISTED[str(case)]


def test_every_case_is_listed_and_no_other() -> None:
    assert list(LISTED) == sorted(str(case) for case in all_cases(sample=False))
    assert len(all_cases(sample=True)) == 40
