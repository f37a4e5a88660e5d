"""A file's name says what is in it: none is called Utils, Helper, Common or Misc."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from source_tree import Finding, Tree

BAD = {"compiler/AttentionUtils.h": "", "python/helpers.py": ""}
WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
FORBIDDEN = {"util", "utils", "helper", "helpers", "common", "misc"}


def check(tree: Tree) -> Iterator[Finding]:
    for path in sorted(tree.files):
        for part in PurePosixPath(path).parts:
            words = {word.lower() for word in WORD.findall(PurePosixPath(part).stem)}
            if words & FORBIDDEN:
                yield Finding(path, 0, f"'{part}' does not say what is in it")
