#!/usr/bin/env python3
"""Writes scripts/requirements-NAME.txt from scripts/requirements-NAME.in.

Each package is resolved by pip in a throwaway environment and written as an exact version with the
hashes of its wheels, for every Python version and machine named below. Run it on purpose, read the
difference, run the tests, commit.
"""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

SCRIPTS = Path(__file__).resolve().parent
NAMES = ("core", "models", "models-data", "sources", "bench", "bench-ggml", "device")
NO_DEPENDENCIES = ("models-data", "sources", "bench-ggml", "device")
# Programs: one wheel a machine, whichever Python.
PROGRAMS = ("device",)
# Lists of source archives: what pip looks into them with, and the list that has it.
ARCHIVES = {"sources": ("setuptools", "core"), "bench-ggml": ("scikit-build-core", "bench")}
# Declared and not loaded by what the tests do: command lines, checks of configurations, and what
# CUDA compiles and solves with. torch's own libraries name the rest of CUDA, so that `import torch`
# needs it without a GPU too.
LEFT_OUT = {"models": (
    "triton", "cuda-bindings", "cuda-pathfinder", "cuda-toolkit", "nvidia-cuda-cccl",
    "nvidia-cusolver", "nvidia-nvtx", "annotated-doc", "annotated-types",
    "markdown-it-py", "mdurl", "pydantic", "pydantic-core", "rich", "setuptools", "shellingham",
    "typer", "typing-inspection",
)}  # fmt: skip
PYTHONS = ("3.11", "3.12", "3.13")
MACHINES = ("x86_64", "aarch64")
GLIBC_MINORS = (5, 12, 17, 18, 24, 25, 26, 27, 28, 31, 34)
# Versions and hashes found so far: name -> (version, {sha256}).
Pins = dict[str, tuple[str, set[str]]]


def pip_report(python: Path, arguments: Sequence[str]) -> list[dict]:
    """Returns what pip would install, or raises CalledProcessError with its words on stderr."""
    environment = {k: v for k, v in os.environ.items() if k != "PIP_FIND_LINKS"}
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        command = [str(python), "-m", "pip", "install", "--quiet", "--dry-run",
                   "--ignore-installed", "--report", str(report), *arguments]  # fmt: skip
        subprocess.run(command, check=True, env=environment)
        return json.loads(report.read_text())["install"]


def add_to(pins: Pins, report: list[dict]) -> None:
    """Merges one report; a version that differs from an earlier report's is an error."""
    for item in report:
        name = re.sub(r"[-_.]+", "-", item["metadata"]["name"]).lower()
        version = item["metadata"]["version"]
        known, hashes = pins.setdefault(name, (version, set()))
        if known != version:
            raise SystemExit(f"{name}: {known} on one platform, {version} on another")
        hashes.add(item["download_info"]["archive_info"]["hashes"]["sha256"])


def platform_arguments(version: str, machine: str) -> list[str]:
    """pip's options for another Python or machine than this one's; wheels only."""
    tags = [f"manylinux_2_{minor}_{machine}" for minor in GLIBC_MINORS]
    tags += [f"manylinux2014_{machine}", f"manylinux2010_{machine}", f"linux_{machine}"]
    options = ["--only-binary=:all:", "--python-version", version, "--target", "unused"]
    return options + [word for tag in tags for word in ("--platform", tag)]


def pin(name: str, pythons: Sequence[str], machines: Sequence[str]) -> Pins:
    """Resolves one input file: first here, then the same versions elsewhere."""
    pins: Pins = {}
    extra = ["--no-deps"] if name in NO_DEPENDENCIES else []
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        python = Path(folder) / "bin" / "python"
        source = SCRIPTS / f"requirements-{name}.in"
        form = ["--only-binary=:all:"]
        if name in ARCHIVES:
            form = ["--no-binary=:all:", "--no-build-isolation"]
            builder, other = ARCHIVES[name]
            wanted = ["-c", str(SCRIPTS / f"requirements-{other}.in"), builder]
            subprocess.run([str(python), "-m", "pip", "install", "-q", *wanted], check=True)
        add_to(pins, pip_report(python, [*extra, *form, "-r", str(source)]))
        # Dependencies are known by now: asking without them needs one look-up a platform.
        exact = ["--no-deps", *(f"{k}=={v[0]}" for k, v in pins.items())]
        versions = pythons[:1] if name in PROGRAMS else () if extra else pythons
        for version in versions:
            for machine in machines:
                try:
                    report = pip_report(python, [*platform_arguments(version, machine), *exact])
                    add_to(pins, report)
                except subprocess.CalledProcessError:
                    print(f"{name}: not complete for Python {version} on {machine}, left out")
    return {k: v for k, v in pins.items() if k not in LEFT_OUT.get(name, ())}


def render(name: str, pins: Pins) -> str:
    """The requirement file, sorted, in pip's hash-checking form."""
    lines = [f"# Written by scripts/pin_requirements.py {name} from requirements-{name}.in."]
    for package, (version, hashes) in sorted(pins.items()):
        parts = [f"{package}=={version}", *(f"    --hash=sha256:{h}" for h in sorted(hashes))]
        lines.append(" \\\n".join(parts))
    return "\n".join(lines) + "\n"


def main(argv: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"any of {', '.join(NAMES)}")
    parser.add_argument("--python", action="append", help=f"default: {' '.join(PYTHONS)}")
    parser.add_argument("--machine", action="append", help=f"default: {' '.join(MACHINES)}")
    options = parser.parse_args(argv)
    for name in options.names or NAMES:
        if name not in NAMES:
            parser.error(f"no input named {name}")
        pins = pin(name, options.python or PYTHONS, options.machine or MACHINES)
        target = SCRIPTS / f"requirements-{name}.txt"
        target.write_text(render(name, pins))
        print(f"{target.name}: {len(pins)} packages")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
