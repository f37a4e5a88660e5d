"""C++ is laid out by clang-format 22 with the file .clang-format."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator

from source_tree import CPP, Finding, SkipRuleError, Tree

BAD = {"compiler/X.cpp": "int   x ;\n"}
LINE = re.compile(r"^(.+?):(\d+):\d+: error: (.*)$")
PROGRAM = "clang-format-22"


def check(tree: Tree) -> Iterator[Finding]:
    if not shutil.which(PROGRAM):
        raise SkipRuleError(f"{PROGRAM} is not installed")
    with tree.on_disk() as root:
        paths = [path for path, _ in tree.of(*CPP)]
        if not paths:
            return
        command = [PROGRAM, "--dry-run", "--Werror", *paths]
        done = subprocess.run(command, cwd=root, capture_output=True, text=True)
        seen = set()
        for line in done.stderr.splitlines():
            if (match := LINE.match(line)) and match.group(1) not in seen:
                # The first place of a file is enough: the remedy is one command.
                seen.add(match.group(1))
                what = f"run {PROGRAM} -i {match.group(1)}"
                yield Finding(match.group(1), int(match.group(2)), what)
        if done.returncode and not seen:
            yield Finding(paths[0], 0, done.stderr.strip().splitlines()[0])
