"""The list of files above their limit (test/Lint/allow.txt) only shrinks.

An entry is "path lines". It is exact, still needed, and stands in every committed version of the
list since the first that had entries, with at least as many lines.
"""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import subprocess
from collections.abc import Iterator

from rules.file_size import ALLOW, allowed, limit_of
from source_tree import Finding, Tree

BAD = {ALLOW: "compiler/Small.cpp 600\n", "compiler/Small.cpp": "int x;\n"}


def git(tree: Tree, *arguments: str) -> str:
    command = ["git", "-C", str(tree.root), *arguments]
    return subprocess.run(command, capture_output=True, text=True).stdout


def past_versions(tree: Tree) -> Iterator[dict[str, int]]:
    """The committed versions of the list that had entries, newest first."""
    if tree.root is None:
        return
    versions = []
    for commit in git(tree, "log", "--format=%H", "--", ALLOW).split():
        versions.append(allowed(Tree({ALLOW: git(tree, "show", f"{commit}:{ALLOW}")})))
    while versions and not versions[-1]:
        versions.pop()
    yield from versions


def check(tree: Tree) -> Iterator[Finding]:
    past = list(past_versions(tree))
    lines = enumerate(tree.files.get(ALLOW, "").splitlines(), 1)
    entries = allowed(tree)
    for number, line in lines:
        path = line.split()[0] if line.split() else "#"
        if path not in entries:
            if not line.startswith("#"):
                yield Finding(ALLOW, number, 'expected "path lines"')
            continue
        size = len(tree.files.get(path, "").splitlines())
        if size <= limit_of(path):
            yield Finding(ALLOW, number, f"{path} needs no exception any more: remove the line")
        elif size < entries[path]:
            yield Finding(ALLOW, number, f"{path} has {size} lines by now: lower the entry")
        if any(entries[path] > version.get(path, 0) for version in past):
            yield Finding(ALLOW, number, f"{path}: added or raised; divide the file instead")
