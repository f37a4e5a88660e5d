"""Only tools read the environment and have global options."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import re
from collections.abc import Iterator

from source_tree import CPP, Finding, Tree

BAD = {"compiler/X.cpp": 'auto *x = getenv("X");\n', "runtime/Y.cpp": "cl::opt<bool> y;\n"}
FORBIDDEN = re.compile(r"\b(secure_)?getenv\s*\(|\bcl::(opt|list|bits)\b|sys::Process::GetEnv")


def check(tree: Tree) -> Iterator[Finding]:
    for path, number, line in tree.lines(*CPP, under=("compiler/", "dialects/", "runtime/")):
        match = FORBIDDEN.search(line.split("//")[0])
        if match:
            yield Finding(path, number, f"{match.group()} outside tools/: pass an option struct")
