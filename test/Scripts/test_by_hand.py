"""The programs that hold regions and cells by hand to a ratio: they measure, print and judge."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import by_hand
import layer_norm_lstm
import pytest
from build_tree import PROGRAM, require

require(PROGRAM, "./dev build")


@pytest.mark.parametrize("least, code", [(0.0, 0), (1e9, 1)])
def test_regions_by_hand_are_judged(
    least: float, code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    cases = {name: (64, *rest) for name, (_, *rest) in by_hand.CASES.items()}
    monkeypatch.setattr(by_hand, "CASES", cases)
    monkeypatch.setattr(by_hand, "LEAST_RATIO", least)
    assert by_hand.main(["--rounds", "1", "--time", "5"]) == code
    assert [line.split(":")[0] for line in capsys.readouterr().out.splitlines()] == list(cases)


@pytest.mark.parametrize("most, code", [(0.0, 1), (1e9, 0)])
def test_norms_of_a_cell_are_judged(
    most: float, code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(layer_norm_lstm, "SIZES", ((2, 16),))
    monkeypatch.setattr(layer_norm_lstm, "MOST_RATIO", most)
    assert layer_norm_lstm.main(["--rounds", "1", "--time", "5"]) == code
    assert capsys.readouterr().out.startswith("B 2, H 16: ")
