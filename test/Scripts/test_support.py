"""docs/Support.md says what the compiler says."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from pathlib import Path

import make_support
import pytest


def test_support_is_up_to_date() -> None:
    assert make_support.main(["--check"]) == 0


def test_a_changed_page_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copy = tmp_path / "Support.md"
    copy.write_text(make_support.SUPPORT.read_text().replace("| LSTM | 7 |", "| LSTM | 14 |"))
    monkeypatch.setattr(make_support, "SUPPORT", copy)
    assert make_support.main(["--check"]) == 1


def test_every_operator_has_a_row() -> None:
    answer = make_support.query()
    lines = make_support.page(answer).splitlines()
    for row in answer["operators"]:
        assert any(line.startswith(f"| {row['name']} | {row['first_opset']} |") for line in lines)
