#!/usr/bin/env python3
"""Makes a private Python environment, or a folder of packages' files, from a pinned list.

Usage: python_env.py FOLDER REQUIREMENTS [--data | --sources | --built]. With --data the folder has
the files of the packages, with --sources their unpacked source archives, with --built the files of
packages built from those; these are run by a Python that has pip and, but for --data, what builds
the packages. Nothing happens when FOLDER was finished from the
same list, with the same Python, at the same place; anything else is removed and made anew. A second
call that comes at the same time waits for the first.
"""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import argparse
import fcntl
import hashlib
import shutil
import subprocess
import sys
import tarfile
import tempfile
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


def pip(python: Path, verb: str, requirements: Path, options: Sequence[str]) -> None:
    """Gets the list with its hashes; a network that fails is asked three times."""
    command = [str(python), "-m", "pip", verb, "--quiet", "--disable-pip-version-check",
               "--require-hashes", "--no-deps", *options, "-r", str(requirements)]  # fmt: skip
    for attempt in range(3):
        status = subprocess.run(command, stdout=sys.stderr).returncode
        if status == 0:
            return
        print(f"dev: pip failed (attempt {attempt + 1} of 3)", file=sys.stderr)
        time.sleep(2 * attempt)
    raise SystemExit(3)


def unpack_sources(folder: Path, requirements: Path) -> None:
    """Puts the source archives of the list, unpacked, into the folder."""
    with tempfile.TemporaryDirectory() as name:
        # The archives are read, never built: without isolation pip gets nothing to build them with.
        options = ["--no-binary=:all:", "--no-build-isolation", "--dest", name]
        pip(Path(sys.executable), "download", requirements, options)
        for path in sorted(Path(name).iterdir()):
            with tarfile.open(path) as archive:
                archive.extractall(folder, filter="data")


def make(folder: Path, requirements: Path, kind: str) -> None:
    """Replaces the folder by a fresh one of the kind, environment or an option, and stamps it."""
    stamp = stamp_of(folder, requirements)
    if is_current(folder, stamp):
        return
    why = "stale or unfinished, made anew" if folder.exists() else "made"
    print(f"dev: {folder.name}: {why} from {requirements.name}", file=sys.stderr)
    shutil.rmtree(folder, ignore_errors=True)
    wheels = "--only-binary=:all:"
    if kind == "environment":
        venv.create(folder, with_pip=True)
        pip(folder / "bin" / "python", "install", requirements, [wheels])
    else:
        folder.mkdir(parents=True)
        if kind in ("data", "built"):
            form = [wheels] if kind == "data" else ["--no-binary=:all:", "--no-build-isolation"]
            options = [*form, "--target", str(folder)]
            pip(Path(sys.executable), "install", requirements, options)
        else:
            unpack_sources(folder, requirements)
    (folder / STAMP).write_text(stamp)


def main(argv: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("requirements", type=Path)
    kinds = parser.add_mutually_exclusive_group()
    for kind, text in (
        ("data", "a folder of files"),
        ("sources", "a folder of source archives"),
        ("built", "a folder of files, built from source archives"),
    ):
        kinds.add_argument(f"--{kind}", dest="kind", action="store_const", const=kind, help=text)
    parser.set_defaults(kind="environment")
    options = parser.parse_args(argv)
    CACHE.mkdir(exist_ok=True)
    with (CACHE / f"{options.folder.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        make(options.folder.resolve(), options.requirements, options.kind)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
