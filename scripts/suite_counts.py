#!/usr/bin/env python3
"""The counts of test suites: read from JUnit XML, kept as one JSON a suite, summed.

suite_counts.py step FOLDER NAME STATUS SUITE...  after a step: one that failed or died without
                                                  saying so in its suites counts as a failure
suite_counts.py sum FOLDER                        all suites; last line: N passed, N failed, ...
"""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import json
import sys
import xml.etree.ElementTree as ElementTree
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path


@dataclass
class Counts:
    """What one suite did; failures are names, skips are (name, reason)."""

    suite: str
    passed: int = 0
    failures: list[str] = field(default_factory=list)
    skips: list[tuple[str, str]] = field(default_factory=list)
    seconds: float = 0.0

    def line(self) -> str:
        return f"{self.passed} passed, {len(self.failures)} failed, {len(self.skips)} skipped"

    def write(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        target = folder / f"{self.suite}.json"
        target.write_text(json.dumps(asdict(self), indent=1) + "\n")


def read(path: Path) -> Counts:
    """Reads one JSON; one that cannot be read is a failure and not an exception."""
    try:
        raw = json.loads(path.read_text())
        raw["skips"] = [(name, reason) for name, reason in raw["skips"]]
        return Counts(**raw)
    except (OSError, ValueError, KeyError, TypeError) as error:
        return Counts(path.stem, failures=[f"{path.stem}: counts cannot be read: {error}"])


def add_junit(counts: Counts, report: Path) -> None:
    """Adds a JUnit file of lit, ctest, GoogleTest or pytest. Raises OSError or ParseError."""
    for case in ElementTree.parse(report).getroot().iter("testcase"):
        name = "::".join(filter(None, (case.get("classname"), case.get("name"))))
        skipped = case.find("skipped")
        broken = [case.find("failure"), case.find("error")]
        if broken != [None, None] or case.get("status") == "fail":
            counts.failures.append(name)
        elif skipped is not None:
            counts.skips.append((name, skip_reason(case, skipped)))
        elif case.get("status") in ("notrun", "disabled"):
            counts.skips.append((name, "disabled"))
        else:
            counts.passed += 1


def skip_reason(case: ElementTree.Element, skipped: ElementTree.Element) -> str:
    """The reason as the runner wrote it; ctest has it only in the test's output."""
    reason = skipped.get("message") or (skipped.text or "").strip()
    if reason.startswith("SKIP_REGULAR_EXPRESSION"):
        output = (case.findtext("system-out") or "").splitlines()
        after = [i + 1 for i, line in enumerate(output) if line.endswith(": Skipped")]
        reason = output[after[0]].strip() if after and after[0] < len(output) else "skipped"
    return reason.splitlines()[0] if reason else "no reason given"


def from_junit(suite: str, reports: Iterable[Path], status: int, seconds: float) -> Counts:
    """The counts of one suite that ended with status (pytest's 5, no tests, is a failure too)."""
    counts = Counts(suite, seconds=round(seconds, 1))
    for report in reports:
        try:
            add_junit(counts, report)
        except (OSError, ElementTree.ParseError) as error:
            counts.failures.append(f"{suite}: no counts (status {status}): {error}")
    if status != 0 and not counts.failures:
        counts.failures.append(f"{suite}: ended with status {status} and no failed test")
    if counts.passed + len(counts.failures) + len(counts.skips) == 0:
        counts.failures.append(f"{suite}: ran no test")
    return counts


def close_step(folder: Path, name: str, status: int, suites: Sequence[str]) -> None:
    """Makes a step that died visible in the sum."""
    failed = 0
    for suite in suites:
        path = folder / f"{suite}.json"
        if not path.exists():
            Counts(suite, failures=[f"{suite}: left no counts (status {status})"]).write(folder)
        failed += len(read(path).failures)
    if status != 0 and failed == 0:
        words = f"{name}: ended with status {status} and no failed test"
        Counts(f"step-{name}", failures=[words]).write(folder)


def print_sum(folder: Path) -> int:
    """Prints every suite, failure and reason of a skip; 1 when anything failed or nothing ran."""
    every = [read(path) for path in sorted(folder.glob("*.json"))]
    total = Counts("all")
    for counts in every:
        total.passed += counts.passed
        total.failures += [f"{counts.suite}: {name}" for name in counts.failures]
        total.skips += counts.skips
        print(f"{counts.suite:10} {counts.line()} in {counts.seconds:.0f} s")
    for reason, number in sorted(Counter(reason for _, reason in total.skips).items()):
        example = next(name for name, why in total.skips if why == reason)
        print(f"skipped {number}: {reason} (e.g. {example})")
    for name in total.failures:
        print(f"failed: {name}")
    if total.passed == 0 and not total.failures:
        total.failures.append("ran no test")
    print(total.line())
    return 1 if total.failures else 0


def main(argv: Sequence[str]) -> int:
    match list(argv):
        case ["step", folder, name, status, *suites]:
            close_step(Path(folder), name, int(status), suites)
            return 0
        case ["sum", folder]:
            return print_sum(Path(folder))
        case _:
            print(__doc__, file=sys.stderr)
            return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
