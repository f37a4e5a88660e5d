#!/usr/bin/env python3
"""Runs the onnx package's cases through the compiled path, outside pytest.

run.py [PATTERN...] [--form static|symbolic] [-v] [--jobs N]   outcomes that differ from the list
run.py --update                                                writes expected.txt anew
run.py --json FILE                                             writes all outcomes with their texts
run.py --target NAME                                           for a target, e.g. cuda-emulated

PATTERN is a shell pattern of case names, e.g. 'test_attention_4d*'. -v also prints why a case is
refused, and the slowest cases. Exit code 1 when an outcome is not the one listed.
"""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import argparse
import fnmatch
import functools
import json
import os
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

# Of what `outcome` imports.
sys.path.append(str(Path(__file__).resolve().parents[1]))

import expectations  # noqa: E402
from isolation import run_isolated  # noqa: E402
from node_cases import Case, collect  # noqa: E402
from outcome import Outcome  # noqa: E402

LIMIT_SECONDS = 60.0


def _work(cases: Mapping[str, Case], target: str, key: expectations.Key, folder: Path) -> Outcome:
    from outcome import find_outcome

    name, form = key
    return find_outcome(cases[name], form == "symbolic", folder, target)


def find_outcomes(
    cases: Mapping[str, Case],
    forms: Sequence[str] = expectations.FORMS,
    jobs: int = 0,
    target: str = "host",
) -> Iterator[tuple[expectations.Key, Outcome, float]]:
    """Every case in every form, with its outcome and its seconds."""
    keys = [(name, form) for name in cases for form in forms]
    jobs = jobs or int(os.environ.get("FOVEA_JOBS", os.cpu_count() or 1))
    return run_isolated(functools.partial(_work, cases, target), keys, jobs, LIMIT_SECONDS)


def _arguments(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("pattern", nargs="*", default=[])
    parser.add_argument("--form", choices=expectations.FORMS, action="append")
    parser.add_argument("--target", default="host")
    parser.add_argument("--update", action="store_true")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--jobs", type=int, default=0)
    parser.add_argument("-v", "--verbose", action="store_true")
    given = parser.parse_args(argv)
    if given.update and (given.pattern or given.form or given.target != "host"):
        parser.error("--update takes all cases, on this processor")
    return given


def _report(found: Mapping[expectations.Key, Outcome], verbose: bool) -> int:
    """Prints what differs from the list; the number of differences."""
    listed = expectations.parse(expectations.LIST.read_text()) if expectations.LIST.exists() else {}
    bad = 0
    for key, outcome in sorted(found.items()):
        why = expectations.disagreement(listed.get(key), outcome.words)
        bad += bool(why)
        if why or verbose:
            print(f"{key[0]} [{key[1]}]: {why or outcome.words}")
        if (why or verbose) and outcome.text:
            print("    " + outcome.text.strip().replace("\n", "\n    "))
    return bad


def main(argv: Sequence[str]) -> int:
    given = _arguments(argv)
    cases = collect()
    if given.pattern:
        matches = {n for pattern in given.pattern for n in fnmatch.filter(cases, pattern)}
        cases = {name: case for name, case in cases.items() if name in matches}
    start = time.monotonic()
    found, seconds = {}, {}
    forms = given.form or expectations.FORMS
    for key, outcome, took in find_outcomes(cases, forms, given.jobs, given.target):
        found[key], seconds[key] = outcome, took
    if given.json:
        records = [[*key, outcome.words, outcome.text] for key, outcome in found.items()]
        given.json.write_text(json.dumps(records))
    words = {key: outcome.words for key, outcome in found.items()}
    bad = _report(found, given.verbose)
    if given.update:
        expectations.LIST.write_text(expectations.render(words))
    print(expectations.summary(words))
    print(f"{bad} differ from the list; {time.monotonic() - start:.0f} s")
    if given.verbose:
        for key in sorted(seconds, key=seconds.__getitem__, reverse=True)[:10]:
            print(f"  {seconds[key]:6.2f} s  {key[0]} [{key[1]}]")
    return 1 if bad and not given.update else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
