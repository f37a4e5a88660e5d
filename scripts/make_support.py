#!/usr/bin/env python3
"""Writes docs/Support.md from the table of operators in the compiler's library.

Example: scripts/make_support.py --check
"""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import ctypes
import json
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "python"))

from fovea.libraries import compiler  # noqa: E402
from fovea.runtime_abi import check  # noqa: E402

SUPPORT = ROOT / "docs" / "Support.md"
HEAD = """# Supported models

Written by `scripts/make_support.py` from the tables of the compiler
(`compiler/Frontends/Onnx/OperatorTable.cpp`); do not edit.

`fovea inspect MODEL` lists everything in a model that is not supported, all at once, with node,
operator and opset; `fovea_query_file` of the compiler's C interface gives the same as JSON, and
`fovea_query_operators` this table.

## ONNX
Opset {oldest} to {newest} of the default domain, {count} operators. An operator is read in every
opset of these from the one in the table on, as that opset defines it. Types are those of the first
input:

{types}

| operator | from opset | types | limits |
| --- | --- | --- | --- |
"""


def query() -> dict[str, Any]:
    """The compiler's answer."""
    library, text = compiler(), ctypes.c_void_p()
    check(library, library.fovea_query_operators(ctypes.byref(text)))
    answer = json.loads(library.fovea_text_data(text))
    library.fovea_text_free(text)
    return answer


def page(answer: dict[str, Any]) -> str:
    """The whole of docs/Support.md."""
    rows = answer["operators"]
    types = [f"- {name}: {members}" for name, members in answer["types"].items()]
    head = HEAD.format(
        oldest=min(row["first_opset"] for row in rows),
        newest=max(row["last_opset"] for row in rows),
        count=len(rows),
        types="\n".join(types),
    )
    lines = [
        f"| {row['name']} | {row['first_opset']} | {row['types']} | {row['note']} |" for row in rows
    ]
    return head + "\n".join(lines) + "\n"


def main(argv: list[str]) -> int:
    text = page(query())
    if "--check" not in argv:
        SUPPORT.write_text(text)
        return 0
    if SUPPORT.exists() and SUPPORT.read_text() == text:
        return 0
    print("docs/Support.md is not what the compiler says: run scripts/make_support.py")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
