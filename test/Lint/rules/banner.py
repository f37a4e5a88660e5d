"""A source file says its name, its purpose and its license at the top.

C++ and .td: "//===- Name.cpp - what it is ---===//", a paragraph, the SPDX line. Python: a
docstring and the SPDX line. Shell, CMake: a comment and the SPDX line. CMakeLists.txt needs none.
"""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from source_tree import CPP, Finding, Tree

BAD = {"compiler/X.cpp": "int x;\n"}
SPDX = "SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception"
TOP = 30


def check(tree: Tree) -> Iterator[Finding]:
    for path, text in tree.of(*CPP, ".td", ".py", ".sh", ".cmake"):
        lines = text.splitlines()
        if not lines:
            continue
        if not any(SPDX in line for line in lines[:TOP]):
            yield Finding(path, 1, f"no line '{SPDX}' in the first {TOP}")
        first = lines[1] if lines[0].startswith("#!") and len(lines) > 1 else lines[0]
        name = PurePosixPath(path).name
        if path.endswith((*CPP, ".td")):
            is_plain_c = path.endswith(".c") and first.startswith(f"/* {name} - ")
            if not is_plain_c and not re.match(rf"//===-+ {re.escape(name)} - \S", first):
                yield Finding(path, 1, f"expected a banner '//===- {name} - what it is'")
        elif path.endswith(".py") and not first.startswith(('"""', 'r"""', "# ")):
            yield Finding(path, 1, "expected a docstring that says the purpose")
        elif path.endswith(".sh") and not first.startswith("# "):
            yield Finding(path, 1, "expected a comment that says the purpose")
