"""registerAll... and InitializeAll... stand in tools only; a library names what it needs."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import re
from collections.abc import Iterator

from source_tree import CPP, Finding, Tree

BAD = {"compiler/X.cpp": "mlir::registerAllDialects(registry);\n"}
# One dialect's own collection (linalg::registerAll...) is what that library needs.
FORBIDDEN = re.compile(
    r"(?<!\w::)\bregisterAll\w*|\bmlir::registerAll\w*"
    r"|\b(LLVM)?InitializeAll\w*|InitAll\w*\.h"
)


def check(tree: Tree) -> Iterator[Finding]:
    for path, number, line in tree.lines(*CPP, under=("compiler/", "dialects/", "runtime/")):
        match = FORBIDDEN.search(line.split("//")[0])
        if match:
            yield Finding(path, number, f"{match.group()} outside tools/")
