#!/usr/bin/env python3
"""Writes the operations' sections of docs/Spec.md from the .td files of the dialects.

Example: scripts/make_spec.py --check
"""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import re
import sys
import textwrap
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SPEC = ROOT / "docs" / "Spec.md"
MARK = "<!-- Below: written by scripts/make_spec.py from the .td files. -->"
DIALECTS = {"fovea": "dialects/Fovea", "fovea_kernel": "dialects/FoveaKernel",
            "fovea_warp": "dialects/FoveaWarp"}  # fmt: skip
# In reading order; files that are not listed follow.
ORDER = ["ModuleOps", "AttentionOps", "ContractOps", "RecurrentOps", "NormOps"]
DEF = re.compile(r'^def\s+\w+Op\s*:\s*\w+<"([\w.]+)"', re.MULTILINE)
SUMMARY = re.compile(r'let\s+summary\s*=\s*"([^"]*)"')
DESCRIPTION = re.compile(r"let\s+description\s*=\s*\[\{\n(.*?)\}\];", re.DOTALL)


def sections(text: str, dialect: str) -> list[str]:
    """One section per operation of a .td file."""
    starts = list(DEF.finditer(text))
    out = []
    for index, match in enumerate(starts):
        end = starts[index + 1].start() if index + 1 < len(starts) else len(text)
        body = text[match.start() : end]
        summary, description = SUMMARY.search(body), DESCRIPTION.search(body)
        if not summary or not description:
            raise SystemExit(f"{dialect}.{match.group(1)}: no summary or description")
        what = summary.group(1)
        prose = textwrap.dedent(description.group(1)).rstrip()
        out.append(f"### {dialect}.{match.group(1)}\n{what[0].upper()}{what[1:]}.\n\n{prose}\n")
    return out


def generated() -> str:
    """Everything behind the mark."""
    parts = []
    for dialect, folder in DIALECTS.items():
        files = sorted(
            (ROOT / folder).glob("*Ops.td"),
            key=lambda path: (ORDER.index(path.stem) if path.stem in ORDER else 99, path.stem),
        )
        parts.append(f"## Dialect {dialect}\n")
        for path in files:
            parts.extend(sections(path.read_text(), dialect))
    return "\n".join(parts)


def main(argv: list[str]) -> int:
    head = SPEC.read_text().split(MARK)[0].rstrip("\n")
    text = f"{head}\n\n{MARK}\n\n{generated()}"
    if "--check" in argv:
        if SPEC.read_text() == text:
            return 0
        print("docs/Spec.md is not what the .td files say: run scripts/make_spec.py")
        return 1
    SPEC.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
