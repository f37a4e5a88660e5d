"""Text is ASCII, 100 columns, without tabs and trailing blanks, and ends with a line end."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import re
from collections.abc import Iterator

from source_tree import TEXT, Finding, Tree

COLUMNS = 100
BAD = {"dialects/X.td": "def \u00e9;\n", "a.py": "\tx\n"}
# A table row cannot be broken; neither can an address, nor a line that generated files hold.
UNBREAKABLE = re.compile(r"^\s*\|.*\|$|https?://\S+|^#.*include|^\S+$")


def problems(line: str) -> Iterator[str]:
    for column, char in enumerate(line, 1):
        if ord(char) > 126:
            yield f"column {column} is not ASCII (U+{ord(char):04X})"
            break
    if "\t" in line:
        yield "a tab"
    if line != line.rstrip():
        yield "blanks at the end"


def check(tree: Tree) -> Iterator[Finding]:
    for path, text in tree.of(*TEXT):
        if text and not text.endswith("\n"):
            yield Finding(path, text.count("\n") + 1, "no line end at the end of the file")
        for number, line in enumerate(text.split("\n"), 1):
            for problem in problems(line):
                yield Finding(path, number, problem)
            if len(line) > COLUMNS and not UNBREAKABLE.search(line):
                yield Finding(path, number, f"{len(line)} columns, at most {COLUMNS}")
