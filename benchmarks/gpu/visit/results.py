"""Lines of results: written as they come, so that an end at any time loses none."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

Line = dict[str, Any]
BEGUN = "begun"


class Results:
    """Appends JSON lines to a file, each on the disk before the next begins. A case has a line when
    it begins and one when it ends: the one without an end is where the program was stopped."""

    def __init__(self, path: Path, section: str) -> None:
        self._file = path.open("a")
        self._section = section
        self._start = time.monotonic()

    def add(self, **line: object) -> None:
        at = round(time.monotonic() - self._start, 3)
        self._file.write(json.dumps({"section": self._section, **line, "at_s": at}) + "\n")
        self._file.flush()
        os.fsync(self._file.fileno())

    def begin(self, case: str) -> None:
        self.add(case=case, state=BEGUN)


def read(path: Path) -> list[Line]:
    """All lines; the last one may have been cut."""
    lines = []
    for text in path.read_text().splitlines() if path.exists() else []:
        try:
            lines.append(json.loads(text))
        except json.JSONDecodeError:
            continue
    return lines


def ended(lines: list[Line]) -> list[Line]:
    return [line for line in lines if line.get("state") != BEGUN]


def interrupted(lines: list[Line], section: str) -> str | None:
    """The case of a section that began last and has not ended."""
    open_case = None
    for line in lines:
        if line["section"] == section and "case" in line:
            open_case = line["case"] if line.get("state") == BEGUN else None
    return open_case


def peak(lines: list[Line], case: str, key: str) -> float | None:
    """A figure of the section limits, None where it was not measured."""
    found = [line.get(key) for line in lines if line["section"] == "limits"
             and line.get("case") == case]  # fmt: skip
    return next((value for value in reversed(found) if value is not None), None)
