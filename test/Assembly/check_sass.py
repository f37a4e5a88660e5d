#!/usr/bin/env python3
"""Checks the innermost loops of a kernel's machine code, as nvdisasm prints it.

A loop reaches from a label to the last branch back to it; it is innermost when no other loop lies
inside. No such loop may call or use local memory, which is where spilled registers go. With
--tensor N an innermost loop must hold that many instructions of tensor cores.

Example: nvdisasm -c k.cubin > k.sass && check_sass.py k.sass attention --tensor 32
"""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

KERNEL = re.compile(r"^\.text\.(\S+):")
LABEL = re.compile(r"^(\.L\S*):")
INSTRUCTION = re.compile(r"^\s*/\*[0-9a-f]{4,}\*/\s+(?:@!?U?P\w+\s+)?([A-Z][\w.]*)\s*([^;]*);")
GOAL = re.compile(r"`\((\.L\w+)\)")
FORBIDDEN = ("CALL", "LDL", "STL")
TENSOR = ("HMMA", "IMMA", "HGMMA")


@dataclass
class Loop:
    label: str
    first: int
    last: int
    body: list[str]

    def count(self, *names: str) -> int:
        return sum(name.split(".")[0] in names for name in self.body)

    def __str__(self) -> str:
        return f"{self.label}: {self.count(*TENSOR)} tensor in {len(self.body)} instructions"


def kernels(text: str) -> dict[str, list[str]]:
    """Lines of each kernel's code."""
    found: dict[str, list[str]] = {}
    lines: list[str] = []
    for line in text.splitlines():
        if match := KERNEL.match(line):
            lines = found.setdefault(match[1], [])
        elif line.lstrip().startswith(".section"):
            lines = []
        lines.append(line)
    return found


def innermost(lines: Sequence[str]) -> list[Loop]:
    """The innermost loops, without the branch to itself that ends each kernel."""
    labels: dict[str, int] = {}
    names: list[str] = []
    found: dict[str, Loop] = {}
    for line in lines:
        if label := LABEL.match(line):
            labels[label[1]] = len(names)
        elif instruction := INSTRUCTION.match(line):
            names.append(instruction[1])
            goal = GOAL.search(instruction[2])
            if instruction[1].startswith("BRA") and goal and goal[1] in labels:
                first = labels[goal[1]]
                if len(names) - first > 1:
                    found[goal[1]] = Loop(goal[1], first, len(names), names[first:])
    every = list(found.values())
    return [loop for loop in every
            if not any(other is not loop and loop.first <= other.first and other.last <= loop.last
                       for other in every)]  # fmt: skip


def problems(text: str, kernel: str, tensor: int = 0) -> list[str]:
    """What breaks the rules."""
    lines = kernels(text).get(kernel)
    if lines is None:
        return [f"{kernel}: no such kernel"]
    loops = innermost(lines)
    wrong = [f"{kernel} {loop}: {loop.count(name)} {name}"
             for loop in loops for name in FORBIDDEN if loop.count(name)]  # fmt: skip
    if tensor and not any(loop.count(*TENSOR) == tensor for loop in loops):
        wrong.append(f"{kernel}: no loop of {tensor} tensor instructions: "
                     f"{', '.join(map(str, loops)) or 'no loop'}")  # fmt: skip
    return wrong


def main(argv: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", type=Path)
    parser.add_argument("kernel")
    parser.add_argument("--tensor", type=int, default=0, metavar="N",
                        help="tensor instructions of an innermost loop")  # fmt: skip
    options = parser.parse_args(argv)
    wrong = problems(options.file.read_text(), options.kernel, options.tensor)
    print("\n".join(wrong) or "\n".join(
        map(str, innermost(kernels(options.file.read_text())[options.kernel]))))  # fmt: skip
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
