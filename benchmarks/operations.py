"""`./dev bench attention`, `gemm` and `rnn`: single operations beside the peers and the peaks.

Every contender is a process of its own on the case's processors, stopped while another has its
slice of a few milliseconds; slices of multiply-adds and of reads from memory take turns with them.
docs/Performance.md has the method and the targets.
"""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import argparse
import functools
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import cases
import numpy as np
import targets
from cases import Case
from machine import PROGRAM, ROOT, described
from operations_table import RESULTS, print_rows
from problem import Expected, Problem, largest_error
from processes import Broken, Contender, Peak
from rounds import LEAST, Measured, Round, Row, figures, kept
from systems import FOVEA, SYSTEMS, System, peers_of

# Slices that settings are chosen by.
TRIALS = 3
GIVE_UP = 4


@functools.lru_cache(maxsize=1)
def expected_of(problem: Problem) -> Expected:
    """Cases that differ in threads come one after the other."""
    return problem.expected(problem.inputs())


def python_of(system: System) -> Path:
    """The interpreter that has the system. Broken when its environment is not there."""
    python = ROOT / system.environment / "bin" / "python"
    if python.exists():
        return python
    raise Broken(f"{system.environment} is missing: ./dev bench --peers installs it")


def processors_of(case: Case) -> list[int]:
    """One for each thread, where there are as many."""
    return sorted(os.sched_getaffinity(0))[: case.threads]


def started(system: System, case: Case, options: argparse.Namespace) -> Contender:
    """The system at the best of its settings: each is tried, in turns. Broken when none works."""
    ready: list[Contender] = []
    reasons = []
    for settings in system.settings(case):
        try:
            python = python_of(system)
            ready.append(Contender(python, system.name, case.id, settings,
                                   processors_of(case)))  # fmt: skip
        except Broken as broken:
            reasons.append(str(broken))
    if not ready:
        raise Broken(reasons[0])
    if len(ready) == 1:
        return ready[0]
    try:
        times = [[np.median(one.slice(options.slice_ms)) for one in ready] for _ in range(TRIALS)]
    except Broken:
        close(ready)
        raise
    best = ready[int(np.argmin(np.min(times, axis=0)))]
    close([one for one in ready if one is not best])
    return best


def close(contenders: Sequence[Contender]) -> None:
    for one in contenders:
        one.close()


@contextmanager
def contenders_of(
    case: Case, options: argparse.Namespace
) -> Iterator[tuple[dict[str, Contender], dict[str, str]]]:
    """Those that are ready, Fovea first, and why others are not. Without Fovea there is nothing to
    be measured beside."""
    ready: dict[str, Contender] = {}
    missing: dict[str, str] = {}
    wanted = [FOVEA, *(peer for peer in peers_of(case) if not options.alone)]
    try:
        for system in wanted:
            try:
                ready[system.name] = started(system, case, options)
            except Broken as broken:
                missing[system.name] = str(broken)
                if system is FOVEA:
                    break
        yield ready, missing
    finally:
        close(list(ready.values()))


def check_results(
    measured: Measured, ready: dict[str, Contender], expected: Expected
) -> None:  # fmt: skip
    """Notes how far each result is off, and drops contenders whose result cannot be had."""
    with tempfile.TemporaryDirectory() as folder:
        for name, one in list(ready.items()):
            try:
                error = largest_error(one.output(Path(folder)), expected)
            except Broken as broken:
                drop(name, str(broken), measured, ready)
                continue
            measured.errors[name] = error
            narrow = SYSTEMS[name].narrow
            allowed = expected.narrow if narrow else expected.tolerance
            if not error <= allowed:
                measured.wrong[name] = f"off by {error:.3g}, allowed is {allowed:.3g}"
            elif narrow:
                measured.narrow.add(name)


def drop(name: str, why: str, measured: Measured, ready: dict[str, Contender]) -> None:
    """Goes on without a peer."""
    ready.pop(name).close()
    measured.wrong[name] = why
    if name != FOVEA.name:
        measured.names.remove(name)


def one_round(
    measured: Measured, ready: dict[str, Contender], peak: Peak, milliseconds: float,
    reread: int | None = None,
) -> Round:  # fmt: skip
    """Fovea's slice comes right behind the peak's; the peers take turns in being the next."""
    gflops = peak.gflops(milliseconds)
    ours, *peers = measured.names
    calls = {ours: ready[ours].slice(milliseconds)}
    gbps = peak.gbps(milliseconds)
    again = peak.reread_gbps(milliseconds, reread) if reread else None
    turn = len(measured.rounds) % max(len(peers), 1)
    for name in (*peers[turn:], *peers[:turn]):
        try:
            calls[name] = ready[name].slice(milliseconds)
        except Broken as broken:
            drop(name, str(broken), measured, ready)
    return Round(gflops, gbps, calls, again)


def run_rounds(
    measured: Measured,
    ready: dict[str, Contender],
    peak: Peak,
    options: argparse.Namespace,
    reread: int | None = None,
) -> None:
    """Until enough of them count: LEAST when they take long, else as many as asked for. A machine
    that is never quiet is given up on, after GIVE_UP times as much."""
    start = time.monotonic()
    while True:
        measured.rounds.append(one_round(measured, ready, peak, options.slice_ms, reread))
        spent = time.monotonic() - start
        enough = options.rounds if spent < options.seconds else LEAST
        if len(kept(measured.rounds)) >= max(enough, LEAST):
            return
        if len(measured.rounds) >= GIVE_UP * options.rounds and spent >= GIVE_UP * options.seconds:
            return


def row_of(case: Case, measured: Measured, expected: Expected, about: dict[str, Row]) -> Row:
    """All of a row but its circumstances; `about` has versions and settings."""
    row = {"case": case.id, "dtype": case.problem.dtype, "threads": case.threads}
    problem = case.problem
    row |= figures(measured, problem.flops(), problem.bytes(), problem.steps_of())
    row |= {"tolerance": expected.tolerance, "flops": case.problem.flops(),
            "bytes": case.problem.bytes(), "target": case.target,
            "fovea": about.get(FOVEA.name), "error": measured.wrong.get(FOVEA.name)}  # fmt: skip
    for name, peer in row["peers"].items():
        peer |= about.get(name, {})
        if SYSTEMS[name].optional:
            peer["optional"] = True
        if SYSTEMS[name].narrow:
            peer["narrow"] = True
    return row


def measure(case: Case, options: argparse.Namespace) -> Row:
    """The row of a case."""
    expected = expected_of(case.problem)
    with contenders_of(case, options) as (ready, missing):
        about = {name: {"version": one.version, "settings": one.settings}
                 for name, one in ready.items()}  # fmt: skip
        peers = [name for name in ready if name != FOVEA.name]
        measured = Measured([FOVEA.name, *peers], [], {}, dict(missing))
        check_results(measured, ready, expected)
        if FOVEA.name in ready:
            peak = None
            try:
                peak = Peak(PROGRAM, case.target, processors_of(case))
                steps = case.problem.steps_of()
                reread = steps.bytes // case.threads if steps else None
                run_rounds(measured, ready, peak, options, reread)
            except Broken as broken:
                measured.wrong[FOVEA.name] = f"not measured: {broken}"
            finally:
                if peak:
                    peak.close()
    return row_of(case, measured, expected, about)


def write_rows(path: Path, rows: Sequence[Row]) -> None:
    """A JSON array with one row a line; as bare lines when the name ends in .jsonl."""
    lines = [json.dumps(row) for row in rows]
    bare = path.suffix == ".jsonl"
    path.write_text("".join(line + "\n" for line in lines) if bare
                    else "[\n" + ",\n".join(lines) + "\n]\n")  # fmt: skip


def parse(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./dev bench", description=__doc__.splitlines()[0])
    parser.add_argument("suite", choices=sorted(cases.SUITES))
    parser.add_argument("cases", nargs="*", metavar="CASE", help="ids or parts of them; an id may "
                        "name other sizes than the suite's (default: the whole suite)")  # fmt: skip
    parser.add_argument("--threads", type=int, nargs="+", help="only cases of these numbers")
    parser.add_argument("--rounds", type=int, default=15, help=f"that count, at least {LEAST}")
    parser.add_argument("--seconds", type=float, default=20.0,
                        help=f"after which {LEAST} rounds of a case are enough")  # fmt: skip
    parser.add_argument("--slice-ms", type=float, default=4.0, help="of a contender in a round")
    parser.add_argument("--alone", action="store_true", help="without the peers")
    parser.add_argument("--check", action="store_true",
                        help="exit code 1 unless every target of targets.toml is met, not only for "
                        "what is missing or wrong")  # fmt: skip
    parser.add_argument("--json", type=Path, metavar="FILE", help="write one row a case")
    parser.add_argument("--results", type=Path, default=RESULTS, help="file that rows are added to")
    parser.add_argument("--list", action="store_true", help="print the ids of the cases and stop")
    parser.add_argument("--note", default="", help="a sentence about the circumstances")
    return parser.parse_args(argv)


def main(argv: Sequence[str]) -> int:
    options = parse(argv)
    wanted = [case for case in cases.chosen(options.suite, options.cases)
              if not options.threads or case.threads in options.threads]  # fmt: skip
    if options.list or not wanted:
        print("\n".join(case.id for case in wanted) or "no such case")
        return 0 if wanted else 2
    circumstances = described(options.note)
    rows: list[Row] = []
    for case in wanted:
        print(case.id, file=sys.stderr)
        rows.append(measure(case, options) | circumstances)
        # What is measured so far is kept when a long run is broken off.
        with options.results.open("a") as stream:
            stream.write(json.dumps(rows[-1]) + "\n")
        if options.json:
            write_rows(options.json, rows)
    print_rows(rows)
    table = targets.load() if options.check else []
    failures = [text for row in rows for text in targets.missed(row, table)]
    for text in failures:
        print(f"FAIL {text}", file=sys.stderr)
    return 1 if failures else 0
