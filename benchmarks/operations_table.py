#!/usr/bin/env python3
"""Rows of `./dev bench attention`, `gemm` and `rnn` as tables: on the terminal and in
docs/Performance.md.

Usage: operations_table.py [--check] writes the targets and the latest results, those of
benchmarks/results/operations.jsonl, into docs/Performance.md; --check compares them instead.
"""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import json
import sys
import textwrap
from collections.abc import Callable, Sequence
from pathlib import Path

import cases
import targets
from rounds import Row

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "Performance.md"
RESULTS = ROOT / "benchmarks" / "results" / "operations.jsonl"
COLUMNS = ("case", "time", "FMA peak", "bandwidth", "bound", "ratio", "at most", "fastest peer",
           "error")  # fmt: skip


def _marks(what: str) -> tuple[str, str]:
    script = "benchmarks/operations_table.py"
    return f"<!-- {script} writes the {what} from here -->\n", f"<!-- {what} to here -->\n"


def percent(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:.0f} %"


def times(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}x"


def bound_of(row: Row) -> float | None:
    """The fraction of what the machine allows: of the bound that the row has, else of the nearer
    peak. Memory is none for what comes from caches, where more than its rate is read."""
    fractions = [row[name] for name in ("peak_fraction", "bandwidth_fraction")]
    peaks = [fraction for fraction in fractions if fraction and fraction <= 1]
    return row.get("bound_fraction") or max(peaks, default=None)


def cells(row: Row) -> list[str]:
    """One case, with what misses its target behind the figure in brackets."""
    target = targets.target_of(row["case"], targets.load())

    def beside(shown: Callable[[float | None], str], got: float | None, least: float | None) -> str:
        if least is None or (got is not None and got >= least):
            return shown(got)
        return f"{shown(got)} (target {shown(least)})"

    least = target or targets.Target("", ())
    median = row["median_ms"]
    ratio = least.ratio_of(row)
    peer = least.peer or row["best_peer"] or "-"
    error, bound = row["max_error"], bound_of(row)
    return [
        row["case"],
        "-" if median is None else f"{median:.3f} ms",
        beside(percent, row["peak_fraction"], least.peak),
        beside(percent, row["bandwidth_fraction"], least.bandwidth),
        percent(bound),
        beside(times, ratio, least.ratio),
        times(ratio / bound if ratio and bound else None),
        peer,
        "-" if error is None else f"{error:.1e}",
    ]


def print_rows(rows: Sequence[Row]) -> None:
    table = [list(COLUMNS), *map(cells, rows)]
    widths = [max(len(line[column]) for line in table) for column in range(len(COLUMNS))]
    for line in table:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)))


def _markdown(head: Sequence[str], body: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *body]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def targets_table() -> str:
    body = []
    for target in targets.load():
        beside = f" {target.peer}" if target.peer else ""
        body.append([target.what, percent(target.peak), percent(target.bandwidth),
                     "-" if target.ratio is None else f"{target.ratio:g}x{beside}"])  # fmt: skip
    return _markdown(("cases, 1 and 2 threads unless said", "FMA peak", "bandwidth", "ratio"), body)


def results_table(rows: Sequence[Row]) -> str:
    """Table, and under it where and beside what it was measured."""
    machine = rows[0]["machine"]
    versions = {name: peer["version"] for row in rows for name, peer in row["peers"].items()
                if "version" in peer}  # fmt: skip
    lost = sorted({f"{name} ({peer['error']})" for row in rows
                   for name, peer in row["peers"].items() if "error" in peer})  # fmt: skip
    loads = [row["load"] for row in rows]
    notes = " ".join(dict.fromkeys(row["note"] for row in rows if row["note"]))
    prose = (
        f"{machine['processors']} processors of a shared {machine['processor']} "
        f"({', '.join(machine['features'])}), {', '.join(sorted({r['date'] for r in rows}))}, "
        f"load of the minute before {min(loads):g} to {max(loads):g}. "
        f"Peers: {', '.join(f'{name} {version}' for name, version in sorted(versions.items()))}. "
        + (f"Without: {'; '.join(lost)}. " if lost else "")
        + notes
    )
    text = textwrap.fill(prose.strip(), 100, break_long_words=False, break_on_hyphens=False)
    return _markdown(COLUMNS, list(map(cells, rows))) + "\n" + text + "\n"


def results_tables(rows: Sequence[Row]) -> str:
    """A table for each suite that was measured."""
    parts = [f"### {name}\n{results_table(some)}" for name in cases.SUITES
             if (some := latest(rows, name))]  # fmt: skip
    return "\n".join(parts)


def page(text: str, rows: Sequence[Row]) -> str:
    """The page with the tables anew."""
    for what, table in (("targets", targets_table()), ("results", results_tables(rows))):
        begin, end = _marks(what)
        head, rest = text.split(begin)
        text = head + begin + table + end + rest.split(end)[1]
    return text


def latest(rows: Sequence[Row], suite: str) -> list[Row]:
    """The last row of each case of the suite, in their order; of its last row's machine alone."""
    ids = [case.id for case in cases.suite(suite)]
    own = [row for row in rows if row["case"] in ids]
    last = {row["case"]: row for row in own if row["machine"] == own[-1]["machine"]}
    return [last[name] for name in ids if name in last]


def written() -> str:
    """docs/Performance.md with the tables anew."""
    rows = [json.loads(line) for line in RESULTS.read_text().splitlines()]
    return page(PAGE.read_text(), rows)


def main(argv: Sequence[str]) -> int:
    text = written()
    if "--check" not in argv:
        PAGE.write_text(text)
        return 0
    if PAGE.read_text() == text:
        return 0
    print("docs/Performance.md has not the latest results: run benchmarks/operations_table.py")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
