"""No branch on a target's name outside compiler/Targets and runtime: ask its interface instead."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import re
from collections.abc import Iterator

from source_tree import CPP, Finding, Tree

# Compared, switched over, or searched for, on either side. "reference" is the name of a verdict's
# other side as well (verify --ref), so that it counts where a target's name is asked for alone.
NAME = r'"(?:cuda|cpu|host|sm_|nvptx|nvvm|gpu)[^"\s]*"|k(?:Cuda|Emulated|Cpu|Host)Name'
ASKED = r"(?:[tT]arget\w*(?:\.|->)?\w*(?:\(\))?|(?:place\w*|target\w*)(?:\.|->|\(\))+(?:kind|name))"
FORMS = (
    rf"[!=]=\s*(?:{NAME})",
    rf"(?:{NAME})\s*[!=]=",
    rf"(?:starts_with|contains|consume_front|equals\w*|strcmp|Cases?)\([^()]*(?:{NAME})",
    rf'{ASKED}\s*[!=]=\s*"',
)
BRANCH = re.compile("|".join(FORMS))
FREE = ("compiler/Targets/", "runtime/")
BAD = {
    "compiler/Driver/X.cpp": 'if (options.target == "cuda")\n',
    "compiler/CommandLine/X.cpp": 'bool is = target().name().starts_with("cuda");\n',
    "compiler/Transforms/X.cpp": 'return "cpu" != device;\n',
    "compiler/Pipelines/X.cpp": "if (name == cuda::kEmulatedName)\n",
    "compiler/Data/X.cpp": 'if (target->name() == "reference")\n',
}


def check(tree: Tree) -> Iterator[Finding]:
    for path, number, line in tree.lines(*CPP, under=("compiler/", "dialects/", "tools/")):
        code = re.sub(r"\s*//.*", "", line)
        if not path.startswith(FREE) and BRANCH.search(code):
            yield Finding(path, number, "branches on a target's name; ask what the target can do")
