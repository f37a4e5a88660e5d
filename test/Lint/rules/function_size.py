"""A function has at most 60 lines."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from source_tree import CPP, Finding, Tree

LIMIT = 60
BAD = {"compiler/F.cpp": "static int f() {\n" + "  x();\n" * 60 + "}\n"}
# Comments, strings and characters hold braces that mean nothing.
NOISE = re.compile(r'//[^\n]*|/\*.*?\*/|R"\((?:.*?)\)"|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])+\'',
                   re.DOTALL)  # fmt: skip
SCOPE = re.compile(r"\b(namespace|class|struct|union|enum|extern)\b(?![^{]*\)\s*(const)?\s*$)")
HEAD = re.compile(r"\)\s*(const|noexcept|override|final|mutable|&|->.*|:[^:].*|\s)*$", re.DOTALL)


def blank(match: re.Match[str]) -> str:
    return "\n" * match.group().count("\n")


def cpp_functions(text: str) -> Iterator[tuple[int, int]]:
    """First and last line of each function body that is not inside another one."""
    text = NOISE.sub(blank, text)
    stack: list[tuple[bool, int]] = []
    head, line = "", 1
    for char in text:
        if char == "{":
            inside = any(is_function for is_function, _ in stack)
            is_function = not inside and not SCOPE.search(head) and bool(HEAD.search(head))
            stack.append((is_function, line - head.lstrip("\n").count("\n")))
        elif char == "}" and stack:
            is_function, start = stack.pop()
            if is_function:
                yield start, line
        head = "" if char in "{};" else head + char
        line += char == "\n"


def check(tree: Tree) -> Iterator[Finding]:
    spans: list[tuple[str, int, int]] = []
    for path, text in tree.of(*CPP):
        spans += [(path, first, last) for first, last in cpp_functions(text)]
    for path, text in tree.of(".py"):
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                spans.append((path, node.lineno, node.end_lineno or node.lineno))
    for path, first, last in spans:
        if last - first + 1 > LIMIT:
            what = f"a function of {last - first + 1} lines, at most {LIMIT}: divide it"
            yield Finding(path, first, what)
