"""Models as PyTorch exports them, compiled and compared with PyTorch.

The outcome of each case must be the one that outcomes.txt lists, also where that is no pass: what
works by now must be listed so.
"""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import json
from pathlib import Path

import pytest
from build_tree import ALL, fovea, sound
from cases import Case, all_cases, outcome, write
from checks import operations_found

LISTED = dict(
    line.split(": ", 1)
    for line in (Path(__file__).parent / "outcomes.txt").read_text().splitlines()
    if line and not line.startswith("#")
)
CASES = all_cases(sample=not ALL)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_outcome_is_the_listed_one(case: Case, tmp_path: Path) -> None:
    assert outcome(case, tmp_path) == LISTED[str(case)]


@pytest.mark.parametrize("name", ["bert-sdpa-torchscript-dynamic", "lstm-torchscript-dynamic"])
def test_explain_lists_what_must_be_found(name: str, tmp_path: Path) -> None:
    """`fovea explain --json` by the check that outcomes apply to the module's ledger."""
    (case,) = (case for case in all_cases(sample=False) if str(case) == name)
    assert write(case, tmp_path / "model.onnx") == ""
    said = json.loads(sound(fovea(tmp_path, "explain", "model.onnx", "--json")).stdout)
    family = case.family
    assert operations_found(said, "fovea.attention", family.attentions) == ""
    assert operations_found(said, "fovea.rnn", family.recurrences) == ""
    assert family.attentions + family.recurrences > 0


def test_every_case_is_listed_and_no_other() -> None:
    assert list(LISTED) == sorted(str(case) for case in all_cases(sample=False))
    assert len(all_cases(sample=True)) == 40
