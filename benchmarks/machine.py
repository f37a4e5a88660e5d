"""Where measurements are made: the programs under test, and what is said of the machine."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import datetime
import json
import os
import subprocess
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PROGRAM = Path(os.environ.get("FOVEA_BUILD_DIR", ROOT / "build")).resolve() / "bin" / "fovea"


def least_ms(module: Path, threads: int, milliseconds: int) -> float:
    """Least time of a run by `fovea bench`, which measures for so many milliseconds."""
    row = module.with_suffix(".json")
    subprocess.run([PROGRAM, "bench", module, f"--threads={threads}", f"--time={milliseconds}",
                    f"--json={row}"], check=True, capture_output=True)  # fmt: skip
    return float(json.loads(row.read_text())["min_ms"])


def machine() -> dict[str, Any]:
    """What can be said of the machine without naming it."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    fields = dict(line.split(":", 1) for line in reversed(lines) if ":" in line)
    fields = {key.strip(): value.strip() for key, value in fields.items()}
    flags = fields.get("flags", "").split()
    wanted = ("avx2", "fma", "avx512f", "avx512_vnni", "avx512_bf16", "amx_tile")
    return {
        "processor": fields.get("model name", "unknown"),
        "processors": len(os.sched_getaffinity(0)),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30),
        "features": [flag for flag in wanted if flag in flags],
    }


def described(note: str) -> dict[str, Any]:
    """What a row or line of results says of its circumstances; `load` is of the minute before."""
    return {"date": datetime.date.today().isoformat(), "machine": machine(), "note": note,
            "load": round(os.getloadavg()[0], 2)}  # fmt: skip
