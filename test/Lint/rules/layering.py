"""An #include points to the own layer or one below, never up or across."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import re
from collections.abc import Iterator

from source_tree import CPP, Finding, Tree

# From the bottom up: a folder may include itself and what stands before it, as far as `SEES` does
# not say less.
ORDER = ("runtime", "dialects", "compiler/Base", "compiler/Data", "compiler/Analysis",
         "compiler/Transforms", "compiler/Conversion", "compiler/Targets", "compiler/Pipelines",
         "compiler/Frontends", "compiler/Driver", "compiler/CommandLine",
         "tools")  # fmt: skip
SEES = {
    "runtime": ("runtime",),
    "dialects": ("dialects",),
    "compiler/Frontends": ("dialects", "compiler/Base", "compiler/Data", "compiler/Frontends"),
}
BAD = {
    "dialects/Fovea/X.cpp": '#include "compiler/Transforms/X.h"\n',
    "runtime/Core/X.cpp": '#include "llvm/ADT/StringRef.h"\n',
}
INCLUDE = re.compile(r'\s*#\s*include\s+["<]([^">]+)[">]')
TOP_LEVEL = ("compiler/", "dialects/", "runtime/", "tools/", "test/")


def folder_of(path: str) -> str:
    parts = path.split("/")
    return "/".join(parts[:2]) if parts[0] == "compiler" and len(parts) > 2 else parts[0]


def check(tree: Tree) -> Iterator[Finding]:
    for path, number, line in tree.lines(*CPP, under=("compiler/", "dialects/", "runtime/")):
        match = INCLUDE.match(line)
        folder = folder_of(path)
        if not match or folder == "compiler":
            continue
        included = match.group(1)
        if folder not in ORDER:
            yield Finding(path, number, f"{folder} has no place in the order of layers")
        elif folder == "runtime" and included.startswith(("llvm/", "mlir/", "lld/", "llvm-c/")):
            yield Finding(path, number, f"the runtime includes {included}")
        elif included.startswith(TOP_LEVEL):
            seen = SEES.get(folder, ORDER[: ORDER.index(folder) + 1])
            if folder_of(included) not in (*seen, "compiler"):
                yield Finding(path, number, f"{folder} includes {included}, which is not below it")
