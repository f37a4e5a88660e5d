"""The folder of a visit to a GPU with the least sizes, and runs of it by a process that finds
nothing else."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gpu.visit.results import read

LIMIT_SECONDS = 300
# Other tests run at the same time.
PATIENT = ("--patience", "5", "--minutes", "30")
Line = dict[str, Any]


@dataclass
class Visit:
    """What a run ended with, what it printed, and its lines."""

    code: int
    text: str
    lines: list[Line]

    def of(self, section: str) -> list[Line]:
        """Lines that end a case of a section."""
        return [line for line in self.lines
                if line["section"] == section and "case" in line and "ok" in line]  # fmt: skip


def visit(folder: Path, out: Path, *arguments: str, **environment: str) -> Visit:
    """Runs a folder."""
    hidden = ("PYTHONPATH", "FOVEA_BUILD_DIR")
    kept = {name: value for name, value in os.environ.items() if name not in hidden}
    done = subprocess.run(
        [sys.executable, str(folder), "--out", str(out), *PATIENT, *arguments],
        env=kept | environment, cwd=out.parent, capture_output=True, text=True,
        timeout=LIMIT_SECONDS, check=False,
    )  # fmt: skip
    log = out.with_suffix(".log")
    text = done.stdout + done.stderr + (log.read_text() if log.exists() else "")
    return Visit(done.returncode, text, read(out))
