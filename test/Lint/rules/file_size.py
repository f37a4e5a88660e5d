"""A file has at most 500 lines (.td 400, a test 250); a note from 300 lines on.

Exceptions stand in test/Lint/allow.txt as "path lines"; see the rule allow_list.
"""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

from collections.abc import Iterator

from source_tree import CPP, PYTHON, SHELL, Finding, Tree, kind_of

BAD = {"compiler/Big.cpp": "int x;\n" * 501}
HARD, HARD_TD, HARD_TEST, SOFT = 500, 400, 250, 300
COUNTED = (*CPP, *PYTHON, *SHELL, ".td", ".mlir", ".cmake")
ALLOW = "test/Lint/allow.txt"


def limit_of(path: str) -> int:
    if path.startswith(("test/", "python/tests/")):
        return HARD_TEST
    return HARD_TD if kind_of(path) == ".td" else HARD


def allowed(tree: Tree) -> dict[str, int]:
    """The exceptions: path to the number of lines it may have."""
    entries = (line.split() for line in tree.files.get(ALLOW, "").splitlines())
    return {e[0]: int(e[1]) for e in entries if len(e) == 2 and e[1].isdigit()}


def check(tree: Tree) -> Iterator[Finding]:
    exceptions = allowed(tree)
    for path, text in tree.of(*COUNTED):
        lines, limit = len(text.splitlines()), exceptions.get(path, limit_of(path))
        if lines > limit:
            yield Finding(path, 0, f"{lines} lines, at most {limit}: divide it")
        elif lines > SOFT and path not in exceptions:
            yield Finding(path, 0, f"{lines} lines, {limit} is the end", is_note=True)
