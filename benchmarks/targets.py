"""The targets of benchmarks/targets.toml, and which of them a row misses."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from rounds import Row

TABLE = Path(__file__).resolve().with_name("targets.toml")


@dataclass(frozen=True)
class Target:
    """Least values; None where nothing is asked for."""

    what: str
    cases: tuple[str, ...]
    peak: float | None = None
    bandwidth: float | None = None
    ratio: float | None = None
    peer: str | None = None

    def covers(self, case: str) -> bool:
        return any(fnmatchcase(case, pattern) for pattern in self.cases)

    def ratio_of(self, row: Row) -> float | None:
        """What is held to `ratio`."""
        if self.peer is None:
            return row["ratio"]
        return row["peers"].get(self.peer, {}).get("ratio")


def load(path: Path = TABLE) -> list[Target]:
    entries = tomllib.loads(path.read_text())["target"]
    return [Target(**entry | {"cases": tuple(entry["cases"])}) for entry in entries]


def target_of(case: str, targets: Sequence[Target]) -> Target | None:
    return next((target for target in targets if target.covers(case)), None)


def _below(row: Row, name: str, got: float | None, least: float | None) -> Iterator[str]:
    if least is None:
        return
    if got is None:
        yield f"{row['case']}: no {name}, {least:g} is asked for"
    elif not got >= least:
        yield f"{row['case']}: {name} is {got:.3f}, {least:g} is asked for"


def missed(row: Row, targets: Sequence[Target]) -> Iterator[str]:
    """A sentence for each thing that fails a row: a wrong or missing result of Fovea's, a peer that
    is missing or wrong although it may not be, no ratio to peers, and each figure below its target,
    where it has one."""
    if row["max_error"] is None:
        yield f"{row['case']}: no result" + (f" ({row['error']})" if row.get("error") else "")
    elif not row["max_error"] <= row["tolerance"]:
        yield (f"{row['case']}: off by {row['max_error']:.3g}, allowed is "
               f"{row['tolerance']:.3g}")  # fmt: skip
    elif row.get("error"):
        yield f"{row['case']}: {row['error']}"
    for name, peer in row["peers"].items():
        if peer.get("error") and not peer.get("optional"):
            yield f"{row['case']}: peer {name}: {peer['error']}"
    if row["peers"] and row["ratio"] is None:
        yield f"{row['case']}: no ratio ({row['rounds']} rounds on a quiet machine)"
    target = target_of(row["case"], targets)
    if target is None:
        return
    yield from _below(row, "fraction of the FMA peak", row["peak_fraction"], target.peak)
    yield from _below(row, "fraction of the bandwidth", row["bandwidth_fraction"],
                      target.bandwidth)  # fmt: skip
    of = target.peer or "the fastest peer"
    yield from _below(row, f"ratio to {of}", target.ratio_of(row), target.ratio)
