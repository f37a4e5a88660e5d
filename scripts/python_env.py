#!/usr/bin/env python3
"""Makes a private Python environment, or a folder of model packages, from a pinned list.

Usage: python_env.py FOLDER REQUIREMENTS [--data]. Nothing happens when FOLDER was finished from the
same list, with the same Python, at the same place; anything else is removed and made anew. A second
call that comes at the same time waits for the first. With --data, run by a Python that has pip.
"""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import argparse
import fcntl
import hashlib
import shutil
import subprocess
import sys
import time
import venv
from collections.abc import Sequence
from pathlib import Path

STAMP = "fovea-stamp.txt"
CACHE = Path(__file__).resolve().parent.parent / ".cache"


def stamp_of(folder: Path, requirements: Path) -> str:
    """Everything that makes a finished folder stale: the list, the Python, the place."""
    digest = hashlib.sha256(requirements.read_bytes()).hexdigest()
    return f"{digest} python-{sys.version.split()[0]} {folder}\n"


def is_current(folder: Path, stamp: str) -> bool:
    """True when the stamp, which is written last, says that the folder is whole."""
    try:
        return (folder / STAMP).read_text() == stamp
    except OSError:
        return False


def install(python: Path, requirements: Path, options: Sequence[str]) -> None:
    """Installs the list with its hashes; a network that fails is asked three times."""
    command = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
               "--require-hashes", "--no-deps", "--only-binary=:all:", *options,
               "-r", str(requirements)]  # fmt: skip
    for attempt in range(3):
        status = subprocess.run(command, stdout=sys.stderr).returncode
        if status == 0:
            return
        print(f"dev: pip failed (attempt {attempt + 1} of 3)", file=sys.stderr)
        time.sleep(2 * attempt)
    raise SystemExit(3)


def make(folder: Path, requirements: Path, data: bool) -> None:
    """Replaces the folder by a fresh one and stamps it."""
    stamp = stamp_of(folder, requirements)
    if is_current(folder, stamp):
        return
    why = "stale or unfinished, made anew" if folder.exists() else "made"
    print(f"dev: {folder.name}: {why} from {requirements.name}", file=sys.stderr)
    shutil.rmtree(folder, ignore_errors=True)
    if data:
        folder.mkdir(parents=True)
        install(Path(sys.executable), requirements, ["--target", str(folder)])
    else:
        venv.create(folder, with_pip=True)
        install(folder / "bin" / "python", requirements, [])
    (folder / STAMP).write_text(stamp)


def main(argv: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("requirements", type=Path)
    parser.add_argument("--data", action="store_true", help="a folder of files, no environment")
    options = parser.parse_args(argv)
    CACHE.mkdir(exist_ok=True)
    with (CACHE / f"{options.folder.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        make(options.folder.resolve(), options.requirements, options.data)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
