#!/usr/bin/env python3
"""Checks the innermost loops of a kernel's machine code, as nvdisasm prints it.

A loop is what can reach a branch back to an instruction through which every way to the branch goes,
without going through that instruction again; it is innermost when no other loop lies inside. No
such loop may call or use local memory, which is where spilled registers go, and no loop that holds
instructions of tensor cores and no smaller such loop. With --tensor N one of these must hold that
many of them. Where a warp would have to be together and ptxas cannot see that it is, it puts a way
for warps that are not (BRA.DIV), with a call; that way is left out. A call of a label of the kernel
itself is a jump: nothing returns.

Prints what is wrong, or else the instructions of each loop.

Example: nvdisasm -c k.cubin > k.sass && check_sass.py k.sass attention --tensor 32
"""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import argparse
import re
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

KERNEL = re.compile(r"^\.text\.(\S+):")
LABEL = re.compile(r"^(\.L\S*):")
INSTRUCTION = re.compile(r"^\s*/\*[0-9a-f]{4,}\*/\s+(@!?U?P\w+\s+)?([A-Z][\w.]*)\s*([^;]*);")
GOAL = re.compile(r"`\((\.L\w+)\)")
# Nothing follows these.
ENDS = ("BRA", "EXIT", "RET")
FORBIDDEN = ("CALL", "LDL", "STL")
TENSOR = ("HMMA", "IMMA", "HGMMA")


@dataclass
class Code:
    """One kernel: names of its instructions, and where each can go on."""

    names: list[str]
    after: list[list[int]]


@dataclass
class Loop:
    first: int
    body: frozenset[int]
    names: list[str]

    def count(self, *names: str) -> int:
        return sum(name.split(".")[0] in names for name in self.names)

    def __str__(self) -> str:
        return (f"instruction {self.first}: {self.count(*TENSOR)} tensor in "
                f"{len(self.names)} instructions")  # fmt: skip


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


def reached(edges: Sequence[Sequence[int]], start: int, without: int = -1) -> set[int]:
    """Everything that edges lead to from `start`, itself too, but not through `without`."""
    found, left = {start}, [start]
    while left:
        fresh = [goal for goal in edges[left.pop()] if goal not in found and goal != without]
        found.update(fresh)
        left += fresh
    return found


def parse(lines: Sequence[str]) -> Code:
    labels: dict[str, int] = {}
    parsed: list[tuple[bool, str, str]] = []
    for line in lines:
        if label := LABEL.match(line):
            labels[label[1]] = len(parsed)
        elif match := INSTRUCTION.match(line):
            is_jump = match[2].startswith("CALL") and GOAL.search(match[3])
            parsed.append((bool(match[1]), "BRA" if is_jump else match[2], match[3]))
    after = []
    for place, (is_conditional, name, operands) in enumerate(parsed):
        is_left_out = name == "BRA.DIV"
        goes_on = is_conditional or is_left_out or name.split(".")[0] not in ENDS
        goal = GOAL.search(operands) if name.startswith("BRA") and not is_left_out else None
        following = [place + 1] if goes_on and place + 1 < len(parsed) else []
        after.append(following + ([labels[goal[1]]] if goal and goal[1] in labels else []))
    live = reached(after, 0) if after else set()
    after = [goals if place in live else [] for place, goals in enumerate(after)]
    return Code([name for _, name, _ in parsed], after)


def innermost(lines: Sequence[str], holding: Sequence[str] = ()) -> list[Loop]:
    """The innermost loops, of those that hold one of some instructions if any are named; without
    the branch to itself that ends each kernel."""
    code = parse(lines)
    before: list[list[int]] = [[] for _ in code.names]
    for place, goals in enumerate(code.after):
        for goal in goals:
            before[goal].append(place)
    loops: dict[int, set[int]] = {}
    for place, goals in enumerate(code.after):
        for goal in goals:
            if goal >= place or (goal and place in reached(code.after, 0, goal)):
                continue
            loops.setdefault(goal, {goal}).update(reached(before, place, goal))
    found = [Loop(first, frozenset(body), [code.names[place] for place in sorted(body)])
             for first, body in loops.items()]  # fmt: skip
    found = [loop for loop in found if not holding or loop.count(*holding)]
    return [
        loop
        for loop in found
        if not any(other.first != loop.first and other.first in loop.body for other in found)
    ]


def held_to_rules(lines: Sequence[str]) -> list[Loop]:
    """The innermost loops, and those of tensor instructions that hold smaller ones."""
    loops = innermost(lines)
    return loops + [loop for loop in innermost(lines, TENSOR) if loop not in loops]


def problems(text: str, kernel: str, tensor: int = 0) -> list[str]:
    """What breaks the rules."""
    lines = kernels(text).get(kernel)
    if lines is None:
        return [f"{kernel}: no such kernel"]
    main = innermost(lines, TENSOR)
    wrong = [
        f"{kernel} {loop}: {loop.count(name)} {name}"
        for loop in held_to_rules(lines)
        for name in FORBIDDEN
        if loop.count(name)
    ]
    if tensor and not any(loop.count(*TENSOR) == tensor for loop in main):
        wrong.append(f"{kernel}: no loop of {tensor} tensor instructions: "
                     f"{', '.join(map(str, main)) or 'no loop'}")  # fmt: skip
    return wrong


def main(argv: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", type=Path)
    parser.add_argument("kernel")
    parser.add_argument("--tensor", type=int, default=0, metavar="N",
                        help="tensor instructions of an innermost loop")  # fmt: skip
    options = parser.parse_args(argv)
    text = options.file.read_text()
    if wrong := problems(text, options.kernel, options.tensor):
        print("\n".join(wrong))
        return 1
    for loop in held_to_rules(kernels(text)[options.kernel]):
        counts = Counter(name.split(".")[0] for name in loop.names).most_common()
        print(f"{loop}: {', '.join(f'{count} {name}' for name, count in counts)}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
