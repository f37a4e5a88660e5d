"""Every RUN line of a lit test ends in something that can fail, and every file has one."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import re
from collections.abc import Iterator

from source_tree import Finding, Tree

BAD = {"test/Dialects/x.mlir": "// RUN: fovea-opt %s\n"}
RUN = re.compile(r"^\s*//\s*RUN:\s?(.*)$")
# fovea verify compares with the reference and ends with 1 when it differs; check_loops.py does when
# a loop of the assembly is not as expected.
CHECKER = re.compile(
    r"^(FileCheck|diff|cmp|not|test|count|grep|fovea\s+verify|python3 %S/check_loops\.py)\b"
)
# These make or divide files for the lines that follow.
SET_UP = re.compile(r"^(mkdir|rm|cp|split-file|echo|cat|cd)\b")
WRITTEN = re.compile(r"(?:>\s*|-o\s+|-o=|=)(%t\S*)")


def commands(text: str) -> list[tuple[int, str]]:
    """The RUN lines, with those that end in a backslash joined."""
    joined: list[tuple[int, str]] = []
    for number, line in enumerate(text.splitlines(), 1):
        if match := RUN.match(line):
            if joined and joined[-1][1].endswith("\\"):
                joined[-1] = (joined[-1][0], joined[-1][1][:-1] + match.group(1).strip())
            else:
                joined.append((number, match.group(1).strip()))
    return joined


def can_fail(command: str, later: str) -> bool:
    last = re.split(r"\||&&|;", command)[-1].strip()
    if "-verify-diagnostics" in command or CHECKER.match(last) or CHECKER.match(command):
        return True
    return bool(SET_UP.match(command)) or any(f in later for f in WRITTEN.findall(command))


def check(tree: Tree) -> Iterator[Finding]:
    for path, text in tree.of(".mlir", under=("test/",)):
        if "/Inputs/" in path:
            continue
        runs = commands(text)
        if not runs:
            yield Finding(path, 0, "no RUN line")
        for index, (number, command) in enumerate(runs):
            later = " ".join(c for _, c in runs[index + 1 :])
            if not can_fail(command, later):
                yield Finding(path, number, "ends in nothing that checks (FileCheck, diff, not...)")
