"""No left-over marks: what is to be done stands in the docs or in an issue."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import re
from collections.abc import Iterator

from source_tree import TEXT, Finding, Tree

BAD = {"compiler/X.cpp": "// TO" + "DO: more\n"}
MARK = re.compile(r"\b(" + "|".join(("TO" + "DO", "FIX" + "ME", "X" + "XX", "HA" + "CK")) + r")\b")


def check(tree: Tree) -> Iterator[Finding]:
    for path, number, line in tree.lines(*TEXT):
        if match := MARK.search(line):
            yield Finding(path, number, f"{match.group()}: do it, or write it down in the docs")
