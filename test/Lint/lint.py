#!/usr/bin/env python3
"""Checks the rules of the code base; ./dev lint runs it.

Each file of rules/ is one rule: a function check(tree) that yields findings, and BAD, a small tree
in which it must find something. Prints file:line: rule: what, and ends with 1 when a rule is
broken, when a rule fails to run, or when it misses its own BAD tree.
"""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import argparse
import importlib
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path[:0] = [str(HERE), str(ROOT / "scripts")]

import suite_counts  # noqa: E402
from source_tree import Finding, SkipRuleError, Tree, read_tree  # noqa: E402


def all_rules() -> list[ModuleType]:
    """The rules in alphabetical order."""
    names = sorted(path.stem for path in (HERE / "rules").glob("*.py"))
    return [importlib.import_module(f"rules.{name}") for name in names]


def name_of(rule: ModuleType) -> str:
    return rule.__name__.removeprefix("rules.").replace("_", "-")


def run_rule(rule: ModuleType, tree: Tree) -> list[Finding]:
    """Everything the rule finds in the tree, after it has shown that it can find something."""
    try:
        if not [f for f in rule.check(Tree(rule.BAD)) if not f.is_note]:
            return [Finding("test/Lint/rules", 0, "finds nothing in its own BAD tree")]
        return sorted(set(rule.check(tree)))
    except (ArithmeticError, LookupError, OSError, SyntaxError, TypeError, ValueError) as error:
        return [Finding("test/Lint/rules", 0, f"ended with {type(error).__name__}: {error}")]


def is_asked(finding: Finding, paths: Sequence[str]) -> bool:
    return not paths or any(
        finding.path == path or finding.path.startswith(path.rstrip("/") + "/") for path in paths
    )


def main(argv: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description="Checks the rules of the code base.")
    parser.add_argument("paths", nargs="*", help="report these files and folders alone")
    parser.add_argument("--rule", action="append", help="run these rules alone")
    parser.add_argument("--notes", action="store_true", help="print what is near a limit too")
    parser.add_argument("--results", type=Path, help="file to write the counts to")
    options = parser.parse_args(argv)
    start = time.monotonic()
    tree = read_tree(ROOT)
    counts = suite_counts.Counts("lint")
    for rule in all_rules():
        name = name_of(rule)
        if options.rule and name not in options.rule:
            continue
        try:
            found = [f for f in run_rule(rule, tree) if is_asked(f, options.paths)]
        except SkipRuleError as reason:
            print(f"lint: {name}: skipped: {reason}")
            counts.skips.append((name, str(reason)))
            continue
        for finding in found:
            if options.notes or not finding.is_note:
                kind = f"{name} (note)" if finding.is_note else name
                print(f"{finding.path}:{finding.line}: {kind}: {finding.text}")
        if any(not finding.is_note for finding in found):
            counts.failures.append(name)
        else:
            counts.passed += 1
    counts.seconds = round(time.monotonic() - start, 1)
    print(f"lint: {counts.line()} in {counts.seconds} s")
    if options.results:
        counts.write(options.results.parent)
    return 1 if counts.failures else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
