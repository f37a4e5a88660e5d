"""README.md has the table of the latest results."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

import json
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


def test_the_last_line_of_a_workload_that_there_still_is_counts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(table, "WORKLOADS", ("a", "b"))
    lines = [{"workload": name, "threads": 1, "n": n} for n, name in enumerate("abac")]
    assert [line["n"] for line in table.latest(lines)] == [2, 1]


def test_one_table_has_one_machine_day_and_note(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table, "WORKLOADS", tuple("abcd"))

    def line(name: str, **others: str) -> dict[str, object]:
        common = {"machine": {"processor": "p"}, "date": "2026-01-02", "note": ""}
        return common | {"workload": name, "threads": 1} | others

    older = [line("a", date="2026-01-01"), line("b", machine="q"), line("c", note="busy")]
    lines = [*older, line("d"), line("a"), line("d", n=2)]
    assert table.latest(lines) == [line("d", n=2), line("a")]


def test_more_than_all_is_said_where_a_row_has_it() -> None:
    lines = table.latest([json.loads(line) for line in table.RESULTS.read_text().splitlines()])
    for fraction, said in ((1.01, True), (1.0, False), (None, False)):
        text = table.markdown([one | {"bandwidth_fraction": fraction} for one in lines])
        assert ("above 100 %" in " ".join(text.split())) == said
