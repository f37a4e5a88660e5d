"""What rounds of slices say: which of them count, and the figures of a case."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from problem import Steps

# A round counts when the machine gave at least so much of its best to the peak's slice, and a case
# has figures when so many rounds count.
QUIET, LEAST = 0.85, 7

Row = dict[str, Any]


@dataclass(frozen=True)
class Round:
    """One slice of everything: 1e9 operations and bytes a second, and seconds of the single calls
    of each contender."""

    gflops: float
    gbps: float
    calls: dict[str, list[float]]
    # Of what each step reads again: all threads together.
    reread_gbps: float | None = None

    def seconds(self, name: str) -> float:
        """Of a call: the median of the slice."""
        return statistics.median(self.calls[name])


@dataclass
class Measured:
    """A case's rounds; `names` has Fovea first. `errors` has how far results are off, `wrong` the
    contenders that are too far off or broke, with a sentence, `narrow` those that compute in less
    than is asked for."""

    names: list[str]
    rounds: list[Round]
    errors: dict[str, float] = field(default_factory=dict)
    wrong: dict[str, str] = field(default_factory=dict)
    narrow: set[str] = field(default_factory=set)


def kept(rounds: Sequence[Round]) -> list[Round]:
    """Those of a quiet machine."""
    best = max((one.gflops for one in rounds), default=0.0)
    return [one for one in rounds if one.gflops >= QUIET * best]


def median_of(rounds: Sequence[Round], name: str) -> float:
    return statistics.median(one.seconds(name) for one in rounds)


def ratio_to(rounds: Sequence[Round], peer: str, ours: str) -> float:
    """The median over the rounds of the peer's time by ours: above 1 we are faster."""
    return statistics.median(one.seconds(peer) / one.seconds(ours) for one in rounds)


def _peers(measured: Measured, rounds: Sequence[Round]) -> Row:
    ours, *others = measured.names
    peers: Row = {}
    for name in others:
        peers[name] = {
            "min_ms": min(min(one.calls[name]) for one in rounds) * 1e3,
            "median_ms": median_of(rounds, name) * 1e3,
            "ratio": None if name in measured.wrong else ratio_to(rounds, name, ours),
            "max_error": measured.errors.get(name),
        }
    for name, why in measured.wrong.items():
        if name != ours:
            peers.setdefault(name, {"ratio": None})["error"] = why
    return peers


def bound(one: Round, flops: int, steps: Steps) -> float:
    """Seconds that a call takes at least: a step its multiply-adds at the peak or its reads from
    caches, whichever is longer, what is not in steps the peak."""
    step = max(steps.flops / (one.gflops * steps.rate), steps.bytes / one.reread_gbps)
    return ((flops - steps.count * steps.flops) / one.gflops + steps.count * step) * 1e-9


def figures(measured: Measured, flops: int, moved: int, steps: Steps | None = None) -> Row:
    """The part of a row that rounds decide; figures are None when too few count. `moved` bytes are
    what a call reads and writes at least."""
    rounds, ours = kept(measured.rounds), measured.names[0]
    enough = len(rounds) >= LEAST and ours not in measured.wrong
    row: Row = dict.fromkeys(("min_ms", "median_ms", "gflops", "peak_fraction",
                              "bandwidth_fraction", "bound_fraction", "best_peer",
                              "ratio"))  # fmt: skip
    row |= {"rounds": len(rounds), "rounds_dropped": len(measured.rounds) - len(rounds)}
    row["max_error"] = measured.errors.get(ours)
    if not enough:
        wrong = {name: {"ratio": None, "error": why} for name, why in measured.wrong.items()}
        return row | {"peers": {n: wrong.get(n, {"ratio": None})
                                for n in [*measured.names[1:], *wrong] if n != ours}}  # fmt: skip
    seconds = median_of(rounds, ours)
    row |= {
        "min_ms": min(min(one.calls[ours]) for one in rounds) * 1e3,
        "median_ms": seconds * 1e3,
        "gflops": flops / seconds * 1e-9,
        "peak_gflops": statistics.median(one.gflops for one in rounds),
        "peak_gbps": statistics.median(one.gbps for one in rounds),
    }
    row["peak_fraction"] = statistics.median(
        flops / one.seconds(ours) / one.gflops * 1e-9 for one in rounds
    )
    row["bandwidth_fraction"] = statistics.median(
        moved / one.seconds(ours) / one.gbps * 1e-9 for one in rounds
    )
    if steps:
        row["bound_fraction"] = statistics.median(
            bound(one, flops, steps) / one.seconds(ours) for one in rounds
        )
        row["reread_gbps"] = statistics.median(one.reread_gbps for one in rounds)
    row["peers"] = _peers(measured, rounds)
    sound = {name: peer for name, peer in row["peers"].items()
             if peer["ratio"] is not None and name not in measured.narrow}  # fmt: skip
    if sound:
        row["best_peer"] = min(sound, key=lambda name: sound[name]["median_ms"])
        row["ratio"] = sound[row["best_peer"]]["ratio"]
    return row
