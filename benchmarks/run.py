#!/usr/bin/env python3
"""Measures Fovea beside its peers in one interleaved run, and beside the machine's peaks.

Every round gives each contender a slice of some milliseconds, behind a call that warms up, and
keeps the least time: on a shared machine whole seconds are slow, and only turns in quick succession
meet the same machine. The peaks of multiply-adds and of reads from memory are measured between
the rounds of the same run. Prints tables and appends one JSON line a workload and number of
threads to benchmarks/results.
"""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "benchmarks" / "results"
TOLERANCE = 1e-4
# Threads of a peer that spin for more work have gone to sleep by then.
PAUSE_SECONDS = 0.005
sys.path[:0] = [str(ROOT / folder) for folder in ("examples", "python")]

import operations  # noqa: E402
from cases import SUITES  # noqa: E402
from contenders import PROGRAM, Contender, contenders, largest_difference  # noqa: E402
from machine import described  # noqa: E402
from table import print_table  # noqa: E402
from workloads import Workload, workloads  # noqa: E402


def peaks(threads: int) -> tuple[float, float]:
    """f32 GFLOP/s and GB/s read from memory, as fovea doctor measures them."""
    command = [PROGRAM, "doctor", "--measure", "--json", f"--threads={threads}"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    measured = json.loads(done.stdout)["peaks"]
    return measured["peak_gflops"], measured["peak_gbps"]


def slice_of(contender: Contender, seconds: float) -> list[float]:
    """Times of single calls for `seconds`, at least one, behind a call that warms up."""
    time.sleep(PAUSE_SECONDS)
    contender.call()
    times, end = [], time.perf_counter() + seconds
    while not times or time.perf_counter() < end:
        start = time.perf_counter()
        contender.call()
        times.append(time.perf_counter() - start)
    return times


def measure(workload: Workload, threads: int, rounds: int, seconds: float) -> dict[str, Any]:
    """One line of the results."""
    ready = contenders(workload, threads)
    ours = ready[0]
    difference = np.max([largest_difference(ours.call(), other.call()) for other in ready[1:]])
    times: list[list[float]] = [[] for _ in ready]
    gflops, gbps = peaks(threads)
    for index in range(rounds):
        for contender, kept in zip(ready, times, strict=True):
            kept.extend(slice_of(contender, seconds))
        if index % 5 == 4:
            gflops, gbps = (max(pair) for pair in zip((gflops, gbps), peaks(threads), strict=True))
    least, read = [min(kept) for kept in times], ours.weight_bytes
    line: dict[str, Any] = {
        "workload": workload.name,
        "threads": threads,
        "compile_s": ours.compile_seconds,
        "load_ms": ours.load_seconds * 1e3,
        "flops": ours.flops,
        "peak_gflops": gflops,
        "peak_fraction": ours.flops / least[0] / gflops * 1e-9 if ours.flops else None,
        "weight_bytes": read,
        "peak_gbps": gbps,
        "bandwidth_fraction": read / least[0] / gbps * 1e-9 if read else None,
        "difference": float(difference),
        "systems": {},
    }
    for contender, kept, best in zip(ready, times, least, strict=True):
        line["systems"][contender.name] = {
            "version": contender.version,
            "min_ms": best * 1e3,
            "median_ms": statistics.median(kept) * 1e3,
            "load_ms": contender.load_seconds * 1e3,
            "ratio": least[0] / best,
        }
    return line


def parse(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "workloads",
        nargs="*",
        metavar="[models] WORKLOAD",
        help="parts of names (default: all)",
    )
    parser.add_argument("--models", type=Path, default=ROOT / ".cache" / "models")
    everything = len(os.sched_getaffinity(0))
    parser.add_argument("--threads", type=int, nargs="*", default=sorted({1, everything}))
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--slice-ms", type=float, default=8.0, help="of a contender in a round")
    parser.add_argument("--results", type=Path, default=RESULTS / "models.jsonl",
                        help="file that lines go to")  # fmt: skip
    parser.add_argument("--note", default="", help="a sentence about the circumstances")
    return parser.parse_args(argv)


def main(argv: Sequence[str]) -> int:
    if argv and argv[0] == "gpu":
        import gpu.run

        return gpu.run.main(argv[1:])
    if argv and argv[0] in SUITES:
        return operations.main(argv)
    options = parse(argv[1:] if argv and argv[0] == "models" else argv)
    common = described(options.note)
    lines = []
    with tempfile.TemporaryDirectory() as folder:
        for workload in workloads(options.models, Path(folder)):
            if options.workloads and not any(name in workload.name for name in options.workloads):
                continue
            for threads in options.threads:
                print(f"{workload.name}, {threads} threads", file=sys.stderr)
                line = measure(workload, threads, options.rounds, options.slice_ms * 1e-3)
                lines.append(common | line)
    options.results.parent.mkdir(parents=True, exist_ok=True)
    with options.results.open("a") as stream:
        stream.writelines(json.dumps(line) + "\n" for line in lines)
    print_table(lines)
    wrong = [line for line in lines if not line["difference"] <= TOLERANCE]
    for line in wrong:
        print(f"FAIL {line['workload']}: off by {line['difference']:.3g}", file=sys.stderr)
    return 1 if wrong or not lines else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
