#!/usr/bin/env python3
"""Runs the test suites named, keeps going after a failure, and leaves the counts of each.

Called by ./dev test, which builds first and sets FOVEA_BUILD_DIR, FOVEA_RESULTS_DIR and FOVEA_JOBS.
Exit code 1 when anything failed.
"""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import suite_counts

ROOT = Path(__file__).resolve().parent.parent
BIN = ROOT / ".venv" / "bin"
# Folders of test/ with a suite of their own; every other one belongs to the suite `python`.
PYTEST_SUITES = {"onnx": "test/Onnx", "models": "test/Models"}
NOT_PYTEST = ("test/Fuzz",)
# A suite that hangs is ended and counts as failed; whole campaigns take longer than samples.
USUAL_LIMIT = "10800" if os.environ.get("FOVEA_TEST_ALL") == "1" else "2400"
LIMIT_SECONDS = int(os.environ.get("FOVEA_SUITE_TIMEOUT", USUAL_LIMIT))


def build_folder() -> str:
    return os.environ["FOVEA_BUILD_DIR"]


def results_folder() -> Path:
    return Path(os.environ["FOVEA_RESULTS_DIR"])


def jobs() -> str:
    return os.environ.get("FOVEA_JOBS", "1")


def lit(report: Path) -> list[str]:
    return [str(BIN / "lit"), "-sv", f"-j{jobs()}", "--timeout=300", "--order=lexical",
            f"--xunit-xml-output={report}", f"{build_folder()}/test"]  # fmt: skip


def unit(report: Path) -> list[str]:
    # One at a time: these tests start threads themselves and measure what they do.
    return ["ctest", "--test-dir", build_folder(), "--label-regex", "^unit$", "--timeout", "300",
            "--output-on-failure", "--output-junit", str(report)]  # fmt: skip


def pytest(python: Path, report: Path, options: Sequence[str]) -> list[str]:
    return [str(python), "-m", "pytest", "-q", f"--junitxml={report}", *options]


def python(report: Path) -> list[str]:
    ignored = [f"--ignore={path}" for path in (*PYTEST_SUITES.values(), *NOT_PYTEST)]
    # Tests of one file stay together: some count what the others have done.
    return pytest(BIN / "python", report, ["-n", jobs(), "--dist=loadfile", "test", *ignored])


def onnx(report: Path) -> list[str]:
    return pytest(BIN / "python", report, [PYTEST_SUITES["onnx"]])


def models(report: Path) -> list[str]:
    folder = ROOT / ".venv-models"
    make = [str(BIN / "python"), str(ROOT / "scripts/python_env.py"), str(folder),
            str(ROOT / "scripts/requirements-models.txt")]  # fmt: skip
    subprocess.run(make, check=True)
    return pytest(folder / "bin/python", report, [PYTEST_SUITES["models"]])


SUITES: dict[str, Callable[[Path], list[str]]] = {
    "lit": lit, "unit": unit, "python": python, "onnx": onnx, "models": models,
}  # fmt: skip


def run_limited(command: Sequence[str]) -> int:
    """Runs a command from the root; 124 when it had to be ended."""
    with subprocess.Popen(command, cwd=ROOT, start_new_session=True) as process:
        try:
            return process.wait(LIMIT_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, 9)
            return 124


def reason_to_skip(name: str) -> str:
    """Why a whole suite cannot run here, empty when it can."""
    folder = PYTEST_SUITES.get(name)
    if folder and not (ROOT / folder).is_dir():
        return f"no {folder} in this checkout"
    cache = Path(build_folder()) / "CMakeCache.txt"
    if name == "lit" and "FOVEA_BUILD_COMPILER:BOOL=OFF" in cache.read_text():
        return "built without the compiler"
    return ""


def run_suite(name: str) -> suite_counts.Counts:
    """Runs one suite and returns its counts; never raises for what the suite does."""
    report = results_folder() / f"{name}.xml"
    report.unlink(missing_ok=True)
    if reason := reason_to_skip(name):
        return suite_counts.Counts(name, skips=[(name, reason)])
    start = time.monotonic()
    try:
        status = run_limited(SUITES[name](report))
    except (OSError, subprocess.CalledProcessError) as error:
        print(f"dev: {name}: {error}", file=sys.stderr)
        status = 127
    return suite_counts.from_junit(name, [report], status, time.monotonic() - start)


def run_lint() -> suite_counts.Counts:
    path = results_folder() / "lint.json"
    path.unlink(missing_ok=True)
    run_limited([str(BIN / "python"), "test/Lint/lint.py", "--results", str(path)])
    return suite_counts.read(path)


def main(argv: Sequence[str]) -> int:
    results_folder().mkdir(parents=True, exist_ok=True)
    done = []
    for name in argv:
        print(f"== {name}", flush=True)
        counts = run_lint() if name == "lint" else run_suite(name)
        counts.write(results_folder())
        done.append(counts)
    print("== results")
    for counts in done:
        print(f"{counts.suite:10} {counts.line()} in {counts.seconds:.0f} s")
        for failure in counts.failures:
            print(f"failed: {failure}")
    return 1 if any(counts.failures for counts in done) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
