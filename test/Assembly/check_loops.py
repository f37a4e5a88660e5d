#!/usr/bin/env python3
"""Checks the innermost loops of assembly: what a pattern matcher over lines cannot find.

Knows x86 and AArch64. A loop reaches from a local label to the last jump back to it; it is
innermost when no other loop lies inside. Register products are loops that hold one of the expected
numbers of multiply-adds; each number must occur. Other loops of multiply-adds are polynomials and
what is left over of products, whose numbers are given apart. No loop of multiply-adds may touch the
stack, but those of which it is known how often they do: 20/4 are loops of 20 with 4 accesses at
most. Loops with vectors must not call functions, by name or by address. Prints what is wrong and
exits with 1, or a line per loop of multiply-adds.

Example: fovea compile model.mlir --emit=asm -o model.s && check_loops.py model.s --fma 96 24
"""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

LABEL = re.compile(r"^(\.?[\w.$]+):")
INSTRUCTION = re.compile(r"^\s+([a-z][\w.]*)\s*(.*)")
COMMENT = re.compile(r"(^|\s)#(\s.*)?$|//.*$")
JUMP = re.compile(r"^(j[a-z]+|b(\.[a-z]+)?|[ct]bn?z)$")
CALL = re.compile(r"^(call\w*|blr?)$")
# Packed multiply-adds, dot products and tile products; a scalar one is no register product.
MULTIPLY_ADD = re.compile(r"^(vfn?m(add|sub)\d+p[sdh]|vdpbf16ps|vpdp\w+|tdp\w+|fml[as])$")
VECTOR = re.compile(r"%[yz]mm\d|\bv\d+\.\d|\bq\d")
STACK = re.compile(r"\(%rsp|\[sp\b")


@dataclass
class Loop:
    function: str
    label: str
    first: int
    last: int
    body: list[tuple[str, str]]

    @property
    def multiply_adds(self) -> int:
        return sum(bool(MULTIPLY_ADD.match(name)) for name, _ in self.body)

    @property
    def stack_accesses(self) -> int:
        return sum(bool(STACK.search(operands)) for _, operands in self.body)

    @property
    def calls(self) -> list[str]:
        return [operands.split("@")[0].strip() for name, operands in self.body
                if CALL.match(name)]  # fmt: skip

    @property
    def has_vectors(self) -> bool:
        return any(VECTOR.search(operands) for _, operands in self.body)

    def __str__(self) -> str:
        return (f"{self.function} {self.label}: {self.multiply_adds} multiply-adds in "
                f"{len(self.body)} instructions")  # fmt: skip


def loops(text: str) -> list[Loop]:
    """All loops, in the order of their ends."""
    found: dict[str, Loop] = {}
    function, labels = "", dict[str, int]()
    instructions: list[tuple[str, str]] = []
    for line in text.splitlines():
        if label := LABEL.match(line):
            if not label[1].startswith(".L"):
                function, labels = label[1], {}
            labels[label[1]] = len(instructions)
        elif instruction := INSTRUCTION.match(line):
            name, operands = instruction[1], COMMENT.sub("", instruction[2]).strip()
            instructions.append((name, operands))
            goal = operands.rpartition(",")[2].strip()
            if JUMP.match(name) and goal in labels:
                first = labels[goal]
                found.pop(goal, None)
                found[goal] = Loop(function, goal, first, len(instructions),
                                   instructions[first:])  # fmt: skip
    return list(found.values())


def innermost(every: Sequence[Loop]) -> list[Loop]:
    def holds(outer: Loop, inner: Loop) -> bool:
        return outer is not inner and outer.first <= inner.first and inner.last <= outer.last

    return [loop for loop in every if not any(holds(loop, other) for other in every)]


def problems(text: str, expected: Sequence[int], math: Mapping[int, int]) -> list[str]:
    """What breaks the rules; `expected` are the multiply-adds of products, `math` those of others
    with their accesses to the stack."""
    every = loops(text)
    wrong = [f"{loop}: calls {name}" for loop in every if loop.has_vectors for name in loop.calls]
    inner = [loop for loop in innermost(every) if loop.multiply_adds]
    products = [loop for loop in inner if loop.multiply_adds not in math]
    if expected and not products:
        wrong.append("no loop of multiply-adds")
    for loop in inner if expected or math else []:
        if expected and loop in products and loop.multiply_adds not in expected:
            wrong.append(f"{loop}: expected {' or '.join(map(str, expected))}")
        if loop.stack_accesses > (allowed := math.get(loop.multiply_adds, 0)):
            wrong.append(f"{loop}: {loop.stack_accesses} of them use the stack, not {allowed}")
    missing = set(expected) - {loop.multiply_adds for loop in products}
    if products:
        wrong += [f"no loop of {count} multiply-adds" for count in sorted(missing)]
    return wrong


def number_and_accesses(text: str) -> tuple[int, int]:
    """Of N/K, or N for none."""
    number, _, accesses = text.partition("/")
    return int(number), int(accesses or 0)


def main(argv: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", type=Path)
    parser.add_argument("--fma", type=int, nargs="*", default=[], metavar="N",
                        help="multiply-adds of the innermost loops of products")  # fmt: skip
    parser.add_argument("--math", type=number_and_accesses, nargs="*", default=[], metavar="N[/K]",
                        help="multiply-adds of other innermost loops, K accesses to the stack at "
                        "most in each of them (default: none)")  # fmt: skip
    options = parser.parse_args(argv)
    text = options.file.read_text()
    wrong = problems(text, options.fma, dict(options.math))
    print(*wrong, sep="\n", end="\n" if wrong else "", file=sys.stderr)
    if not wrong:
        for loop in innermost(loops(text)):
            if loop.multiply_adds:
                print(loop)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
