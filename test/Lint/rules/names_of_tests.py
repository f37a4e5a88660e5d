"""Tests are named in kebab-case (.mlir) or test_snake_case (Python), functions for their case."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from source_tree import Finding, Tree

BAD = {"test/Dialects/FuseThis.mlir": ""}
KEBAB = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*\.mlir")
PYTHON = re.compile(r"test_[a-z0-9]+(_[a-z0-9]+)*\.py")


def check(tree: Tree) -> Iterator[Finding]:
    for path, _ in tree.of(".mlir", under=("test/",)):
        if "/Inputs/" not in path and not KEBAB.fullmatch(PurePosixPath(path).name):
            yield Finding(path, 0, "expected kebab-case, e.g. fold-mask.mlir")
    for path, text in tree.of(".py", under=("test/",)):
        has_tests = re.search(r"^def test_", text, re.MULTILINE)
        if has_tests and not PYTHON.fullmatch(PurePosixPath(path).name):
            yield Finding(path, 0, "has tests that pytest does not find: name it test_*.py")
