"""./dev bench gpu: prepares a visit to a GPU, runs it there, writes what came of it.

./dev bench gpu --prepare              here: compiles everything into build/gpu-visit
python3 gpu-visit --out lines.jsonl    there: needs that folder alone (./dev bench gpu --visit)
./dev bench gpu --table lines.jsonl    here: results and docs/Performance.md
./dev bench gpu --dry-run              here: all of it on the least sizes, under the emulator
"""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from gpu import table
from gpu.artifacts import BUILD
from gpu.prepare import MOST_BYTES, prepare, size_of

FOLDER = BUILD / "gpu-visit"


def _prepared(folder: Path, emulated: bool, tiny: bool) -> int:
    start = time.monotonic()
    refused = prepare(folder, emulated, tiny)
    for file, text in refused.items():
        print(f"left out: {file}: {text.splitlines()[0] if text else 'no reason'}")
    size = size_of(folder)
    print(f"{folder}: {size / 2**20:.1f} MiB in {time.monotonic() - start:.0f} s, "
          f"{len(refused)} programs left out")  # fmt: skip
    if size > MOST_BYTES:
        print(f"error: more than {MOST_BYTES >> 20} MiB", file=sys.stderr)
        return 1
    return 0


def _visit(folder: Path, arguments: Sequence[str]) -> int:
    """By a process that finds nothing of this checkout."""
    names = ("PYTHONPATH", "FOVEA_BUILD_DIR")
    environment = {name: value for name, value in os.environ.items() if name not in names}
    command = [sys.executable, folder, *arguments]
    return subprocess.run(command, env=environment, check=False).returncode


def _dry_run(arguments: Sequence[str]) -> int:
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "gpu-visit"
        if code := _prepared(place, emulated=True, tiny=True):
            return code
        return _visit(place, arguments)


def main(argv: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="dev bench gpu", description=__doc__, epilog="Other arguments go to the visit.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    group = parser.add_mutually_exclusive_group(required=True)
    group.add_argument("--prepare", action="store_true", help="make the folder of a visit")
    group.add_argument("--visit", action="store_true", help="run the folder on this machine")
    group.add_argument("--dry-run", action="store_true", help="prepare and run the least, emulated")
    group.add_argument("--table", type=Path, metavar="LINES", help="what a visit has written")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="default: build/gpu-visit")
    options, rest = parser.parse_known_args(argv)
    if options.prepare:
        return _prepared(options.folder, emulated=False, tiny=False)
    if options.visit:
        return _visit(options.folder, rest)
    if options.dry_run:
        return _dry_run(rest)
    return table.keep(options.table)
