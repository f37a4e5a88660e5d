#!/usr/bin/env python3
"""Results of benchmarks/run.py as tables: on the terminal, and in README.md.

Example: benchmarks/table.py --check
"""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import json
import sys
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "benchmarks" / "results" / "models.jsonl"
README = ROOT / "README.md"
BEGIN, END = "<!-- benchmarks/table.py writes from here -->\n", "<!-- to here -->\n"

# What benchmarks/workloads.py makes; results have lines of others that were measured once.
WORKLOADS = ("minilm_b1_s128", "silero_sequence_60", "silero_openvino", "silero_full", "g2p_word")

Line = dict[str, Any]
COLUMNS = ("model", "threads", "compile", "load", "run", "FMA peak", "bandwidth")


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:.0f} %"


def cells(line: Line, peers: Sequence[str]) -> list[str]:
    """One row: times of Fovea, its fractions of the peaks, and its time relative to each peer's."""
    ours = line["systems"]["fovea"]
    row = [
        line["workload"], str(line["threads"]), f"{line['compile_s']:.2f} s",
        f"{line['load_ms']:.1f} ms", f"{ours['min_ms']:.3f} ms",
        _percent(line["peak_fraction"]), _percent(line["bandwidth_fraction"]),
    ]  # fmt: skip
    for peer in peers:
        theirs = line["systems"].get(peer)
        row.append(f"{theirs['min_ms']:.3f} ms ({theirs['ratio']:.2f}x)" if theirs else "-")
    return row


def rows(lines: Sequence[Line]) -> list[list[str]]:
    """Header and rows."""
    peers = list(dict.fromkeys(name for line in lines for name in line["systems"]))
    peers.remove("fovea")
    return [[*COLUMNS, *peers], *(cells(line, peers) for line in lines)]


def print_table(lines: Sequence[Line]) -> None:
    table = rows(lines)
    widths = [max(len(row[column]) for row in table) for column in range(len(table[0]))]
    for row in table:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)))


def latest(lines: Sequence[Line]) -> list[Line]:
    """The last line of each workload that there still is and number of threads, in the order of the
    first. Only what was measured as the last of all lines was: one table has one machine, day and
    note."""
    kept: dict[tuple[str, int], Line] = {}
    for line in (line for line in lines if line["workload"] in WORKLOADS):
        if all(line.get(key) == lines[-1].get(key) for key in ("machine", "date", "note")):
            kept[line["workload"], line["threads"]] = line
    return list(kept.values())


def markdown(lines: Sequence[Line]) -> str:
    """Table and what stands under it."""
    head, *body = rows(lines)
    text = [f"| {' | '.join(row)} |" for row in [head, ["---"] * len(head), *body]]
    last = lines[-1]
    machine = last["machine"]
    features = ", ".join(machine["features"])
    peers = {name: system["version"] for line in lines for name, system in line["systems"].items()}
    versions = ", ".join(f"{name} {version}" for name, version in peers.items() if name != "fovea")
    worst = max(line["difference"] for line in lines)
    note = f"{last['note']} " if last.get("note") else ""
    most = max(line["bandwidth_fraction"] or 0 for line in lines)
    above = ", hence above 100 %" if most > 1 else ""
    prose = (
        f"{machine['processors']} processors of a shared {machine['processor']} ({features}), "
        f"{last['date']}. {note}Run is the least time of a call; peers ({versions}) took turns "
        "with it, and in brackets is Fovea's time relative to theirs (below 1 is faster). "
        "Fractions are of what the machine gave meanwhile to plain loops of multiply-adds and of "
        f"reads from memory, the second of all weights: small ones stay in caches{above}. Outputs "
        f"differ from the peers' by at most {worst:.0e}. Reproduce with `./dev bench`."
    )
    text += ["", textwrap.fill(prose, 100, break_long_words=False, break_on_hyphens=False)]
    return "\n".join(text) + "\n"


def readme() -> str:
    """README.md with the table of the results."""
    text = README.read_text()
    head, rest = text.split(BEGIN)
    tail = rest.split(END)[1]
    lines = [json.loads(line) for line in RESULTS.read_text().splitlines()]
    return head + BEGIN + markdown(latest(lines)) + END + tail


def main(argv: Sequence[str]) -> int:
    text = readme()
    if "--check" not in argv:
        README.write_text(text)
        return 0
    if README.read_text() == text:
        return 0
    print("README.md does not have the latest results: run benchmarks/table.py")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
