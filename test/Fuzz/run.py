#!/usr/bin/env python3
"""Looks for faults with random programs and damaged models until the time is over.

Usage: run.py [--seconds N] [--seed S] [--kind programs|damage|all] [--keep DIR] [--first N]
[--target NAME]. The same seed gives the same cases. Programs are compiled for the target, e.g.
cuda-emulated; those that a device does not take yet are counted, and are no failures. Each failure
is written to DIR with the command that shows it, and makes the exit code 1.
"""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

TEST = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TEST / "Fuzz"), str(TEST), str(TEST.parent / "python")]

import campaign  # noqa: E402
import programs  # noqa: E402
from build_tree import NOT_YET, PROGRAM, ROOT  # noqa: E402

# Cases between two looks at the clock.
STEP_PROGRAMS = 20
STEP_MUTATIONS = 25
# Of each seed, in the first step; ./dev test --all cuts at more.
TRUNCATIONS = 20


# Of a step: its number of cases, and what became of them.
Step = tuple[int, programs.Verdicts]


def program_steps(program: Path, options: argparse.Namespace) -> Iterator[Step]:
    """Endless."""
    first = options.first
    while True:
        numbers = range(first, first + STEP_PROGRAMS)
        extra = [f"--target={options.target}"]
        found = programs.run(program, options.keep, numbers, options.seed, extra=extra)
        yield STEP_PROGRAMS, found
        first += STEP_PROGRAMS


def damage_steps(program: Path, options: argparse.Namespace) -> Iterator[Step]:
    """Endless: the first step has the truncations too."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "seeds").mkdir()
        runner = campaign.Campaign(program, Path(folder))
        first, places = options.first, TRUNCATIONS
        while True:
            todo = campaign.sample(runner.seeds, STEP_MUTATIONS, places, options.seed, first)
            yield len(todo), programs.Verdicts(runner.run(todo, options.keep), 0)
            first, places = first + STEP_MUTATIONS, 0


def main(argv: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--kind", choices=["programs", "damage", "all"], default="all")
    parser.add_argument("--keep", type=Path, default=ROOT / "build" / "fuzz")
    parser.add_argument("--first", type=int, default=0, help="number of the first case")
    parser.add_argument("--target", default="host", help="what programs are compiled for")
    options = parser.parse_args(argv)
    if not PROGRAM.exists():
        print(f"fuzz: {PROGRAM} is not built", file=sys.stderr)
        return 3
    options.keep = options.keep.absolute()
    options.keep.mkdir(parents=True, exist_ok=True)
    kinds = {"programs": [program_steps], "damage": [damage_steps]}
    steps = [make(PROGRAM, options) for make in kinds.get(options.kind, sum(kinds.values(), []))]
    end, cases, failures, refused = time.monotonic() + options.seconds, 0, 0, 0
    print(f"fuzz: seed {options.seed}, first case {options.first}", flush=True)
    while time.monotonic() < end:
        for step in steps:
            count, found = next(step)
            cases, failures = cases + count, failures + len(found.failures)
            refused += found.refused
            for line in found.failures:
                print(f"failed: {line}", flush=True)
    where = f"; see {options.keep}" if failures else ""
    not_yet = f", {refused} refused with {NOT_YET}" if refused else ""
    print(f"fuzz: {cases} cases, {failures} failed{not_yet}{where}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
