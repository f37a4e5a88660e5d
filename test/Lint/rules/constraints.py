"""A constraint's label (attention_c1) stands in the .td that states it, in a verifier that checks
it, in docs/Spec.md and in a test."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import re
from collections.abc import Iterator

from source_tree import CPP, Finding, Tree

BAD = {"dialects/Fovea/X.td": "    - x_c1: a constraint\n"}
LABEL = re.compile(r"\b([a-z][a-z0-9_]*)_c(\d+)\b")
# A verifier that several ops share appends the number to the op's name: prefix + "_c1".
SHARED = re.compile(r'"(_c\d+)"')
STATED = re.compile(r"^\s*- ([a-z][a-z0-9_]*_c\d+): ")


def labels(tree: Tree, *kinds: str, under: tuple[str, ...]) -> dict[str, tuple[str, int]]:
    """Each label and where it stands first."""
    found: dict[str, tuple[str, int]] = {}
    for path, number, line in tree.lines(*kinds, under=under):
        for match in LABEL.finditer(line):
            found.setdefault(match.group(), (path, number))
    return found


def check(tree: Tree) -> Iterator[Finding]:
    in_code = labels(tree, *CPP, under=("dialects/",))
    shared = {n for _, text in tree.of(*CPP, under=("dialects/",)) for n in SHARED.findall(text)}
    in_spec = labels(tree, ".md", under=("docs/Spec",))
    in_tests = labels(tree, ".mlir", ".cpp", ".py", under=("test/",))
    stated: dict[str, tuple[str, int]] = {}
    for path, number, line in tree.lines(".td", under=("dialects/",)):
        if match := STATED.match(line):
            stated.setdefault(match.group(1), (path, number))
    for label, (path, line) in stated.items():
        if label not in in_code and f"_c{label.rpartition('_c')[2]}" not in shared:
            yield Finding(path, line, f"{label} is not in a verifier")
        if label not in in_spec:
            yield Finding(path, line, f"{label} is not in docs/Spec.md")
        if label not in in_tests:
            yield Finding(path, line, f"{label} is in no test")
    for label, (path, line) in in_code.items():
        if label not in stated:
            yield Finding(path, line, f"{label} is stated in no .td")
