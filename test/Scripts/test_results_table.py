"""README.md has the table of the latest results."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from pathlib import Path

import pytest
import table


def test_readme_has_the_latest_results() -> None:
    assert table.main(["--check"]) == 0


def test_a_changed_figure_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copy = tmp_path / "README.md"
    copy.write_text(table.README.read_text().replace(" ms |", " s |", 1))
    monkeypatch.setattr(table, "README", copy)
    assert table.main(["--check"]) == 1


def test_the_last_line_of_a_workload_counts() -> None:
    lines = [{"workload": name, "threads": 1, "n": n} for n, name in enumerate("aba")]
    assert [line["n"] for line in table.latest(lines)] == [2, 1]
