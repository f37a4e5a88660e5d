"""Every pass has the prefix fovea-, a summary, a description and a statistic; a test that names
its flag; and a place in compiler/Pipelines."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from source_tree import CPP, Finding, Tree

BAD = {"compiler/Transforms/Passes.td": 'def X : Pass<"x"> {\n  let summary = "Do x";\n}\n'}
DEF = re.compile(r'^def\s+(\w+)\s*:\s*(?:Pass|InterfacePass)<\s*"([^"]+)"', re.MULTILINE)


def bodies(text: str) -> Iterator[tuple[int, str, str, str]]:
    """Line, name, flag and text of each pass."""
    starts = list(DEF.finditer(text))
    for match, following in pairwise([*starts, None]):
        end = following.start() if following else len(text)
        line = text[: match.start()].count("\n") + 1
        yield line, match.group(1), match.group(2), text[match.start() : end]


def check(tree: Tree) -> Iterator[Finding]:
    pipelines = "\n".join(text for _, text in tree.of(*CPP, under=("compiler/Pipelines/",)))
    tests = "\n".join(text for _, text in tree.of(".mlir", under=("test/",)))
    for path, text in tree.of(".td", under=("compiler/", "dialects/")):
        if not path.endswith("Passes.td"):
            continue
        for line, name, flag, body in bodies(text):
            if not flag.startswith("fovea-"):
                yield Finding(path, line, f"{flag}: expected the prefix fovea-")
            if not re.search(r"let\s+summary\s*=", body):
                yield Finding(path, line, f"{flag}: no summary")
            if not re.search(r"let\s+description\s*=", body):
                yield Finding(path, line, f"{flag}: no description")
            if not re.search(r"\bStatistic<", body):
                yield Finding(path, line, f"{flag}: no statistic that counts its effect")
            if not re.search(rf"(?<!\w)(?<!\w-){re.escape(flag)}(?![\w-])", tests):
                yield Finding(path, line, f"{flag}: no lit test names it")
            if not re.search(rf"\bcreate{name}\b|\b{name}(Pass)?\b", pipelines):
                yield Finding(path, line, f"{flag}: not in compiler/Pipelines")
