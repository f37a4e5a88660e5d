"""Every operation has a section in docs/Spec.md, a summary and an example in its description."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from source_tree import Finding, Tree

BAD = {"dialects/Fovea/X.td": 'def Fovea_XOp : Fovea_Op<"x"> {\n  let summary = "x";\n}\n'}
SPEC = "docs/Spec*.md"
DEF = re.compile(r'^def\s+(\w+Op)\s*:\s*(\w+)<"([\w.]+)"', re.MULTILINE)
NAME = re.compile(r"let\s+name\s*=\s*\"(\w+)\"")


def dialect_names(tree: Tree) -> dict[str, str]:
    """Folder of dialects/ to the name that its operations carry."""
    names = {}
    for path, text in tree.of(".td", under=("dialects/",)):
        if ": Dialect" in text and (match := NAME.search(text)):
            names[path.split("/")[1]] = match.group(1)
    return names


def check(tree: Tree) -> Iterator[Finding]:
    dialects = dialect_names(tree)
    spec = "\n".join(text for _, text in tree.of(".md", under=("docs/Spec",)))
    headings = [line for line in spec.splitlines() if line.startswith("#")]
    for path, text in tree.of(".td", under=("dialects/",)):
        dialect = dialects.get(path.split("/")[1], "fovea")
        matches = list(DEF.finditer(text))
        for match, following in pairwise([*matches, None]):
            body = text[match.start() : following.start() if following else len(text)]
            line = text[: match.start()].count("\n") + 1
            op = f"{dialect}.{match.group(3)}"
            if not any(re.search(rf"(?<![\w.]){re.escape(op)}(?![\w.])", h) for h in headings):
                yield Finding(path, line, f"{op}: no section in {SPEC}")
            if "let summary" not in body:
                yield Finding(path, line, f"{op}: no summary")
