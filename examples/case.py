"""What the examples have in common: arguments, compile-save-load with times, the result line."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import argparse
import dataclasses
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "python"))

import fovea  # noqa: E402

# Largest difference of any output element from the reference.
TOLERANCE = 1e-4


class MissingData(Exception):
    """A model's files are not there; the text says which."""


@dataclasses.dataclass(frozen=True)
class Settings:
    """The command line."""

    models: Path = ROOT / ".cache" / "models"
    target: str = "host"
    threads: int = 0
    # Kernels of a device run on this processor, far slower: inputs are short.
    emulate: bool = False

    def file(self, path: str) -> Path:
        """A file or folder beneath the models folder."""
        found = self.models / path
        if not found.exists():
            raise MissingData(
                f"{found} is missing: ./dev run fetches it, --models says where it is"
            )
        return found


@dataclasses.dataclass
class Case:
    """One compiled model: how long things took, and how far its results are off."""

    name: str
    model: fovea.Module
    compile_seconds: float
    load_seconds: float
    run_seconds: float = 0.0
    worst_error: float = 0.0
    problems: list[str] = dataclasses.field(default_factory=list)

    def compare(self, what: str, got: np.ndarray, expected: np.ndarray) -> None:
        """Notes the largest difference; a wrong shape or a NaN fails the case."""
        if got.shape != expected.shape:
            self.problems.append(f"{what} has shape {got.shape}, expected {expected.shape}")
            return
        if not got.size:
            return
        error = float(np.abs(got.astype(np.float64) - expected).max())
        self.worst_error = float(np.maximum(self.worst_error, error))
        if not error <= TOLERANCE:
            self.problems.append(f"{what} is off by {error:.3g}, allowed is {TOLERANCE:.0e}")

    def expect(self, what: str, holds: bool) -> None:
        """Fails the case unless `holds`."""
        if not holds:
            self.problems.append(what)

    @property
    def passed(self) -> bool:
        return not self.problems

    def row(self) -> str:
        return (
            f"{self.name:18} compile {self.compile_seconds:6.2f} s   "
            f"load {self.load_seconds * 1e3:7.2f} ms   run {self.run_seconds * 1e3:8.3f} ms   "
            f"worst error {self.worst_error:.2e}"
        )

    def verdict(self) -> str:
        return f"PASS {self.name}" if self.passed else f"FAIL {self.name}: {self.problems[0]}"


def prepare(name: str, source: Path, settings: Settings, **options: Any) -> Case:
    """Compiles a model, writes its artefact and loads it back: what runs is what a file holds."""
    with tempfile.TemporaryDirectory() as folder:
        return prepare_in(Path(folder), name, source, settings, **options)


def prepare_in(folder: Path, name: str, source: Path, settings: Settings, **options: Any) -> Case:
    """The same with the artefact in a folder, as NAME.fvm."""
    start = time.perf_counter()
    if settings.emulate:
        options["emulate"] = True
    compiled = fovea.compile(source, target=settings.target, **options)
    compile_seconds = time.perf_counter() - start
    path = folder / f"{name}.fvm"
    compiled.save(path)
    start = time.perf_counter()
    model = fovea.load(path, threads=settings.threads)
    load_seconds = time.perf_counter() - start
    return Case(name, model, compile_seconds, load_seconds)


def median_seconds(run: Callable[[], object], rounds: int = 7) -> float:
    """Median time of a call, after one that warms up; of fewer calls when one takes seconds."""
    start = time.perf_counter()
    run()
    if time.perf_counter() - start > 1:
        rounds = 1
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def parse(description: str, argv: Sequence[str] | None) -> Settings:
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--models", type=Path, default=Settings.models,
                        help="folder with the models' Python packages, unpacked")  # fmt: skip
    parser.add_argument("--target", default="host", help="what to compile for (default: host)")
    parser.add_argument("--threads", type=int, default=0, help="threads of a run (0: as tuned)")
    parser.add_argument("--emulate", action="store_true",
                        help="target cuda: run its kernels here, on short inputs")  # fmt: skip
    parsed = parser.parse_args(argv)
    return Settings(parsed.models, parsed.target, parsed.threads, parsed.emulate)


def report(cases: Sequence[Case]) -> int:
    """Prints the rows and the verdicts; 0 when all passed."""
    print()
    for case in cases:
        print(case.row())
        for problem in case.problems:
            print(f"  {problem}")
    print()
    for case in cases:
        print(case.verdict())
    return 0 if all(case.passed for case in cases) else 1


def main(
    description: str, check: Callable[[Settings], list[Case]], argv: Sequence[str] | None
) -> int:
    """The main function of an example that runs alone."""
    settings = parse(description, argv)
    try:
        return report(check(settings))
    except (MissingData, fovea.FoveaError) as error:
        print(f"FAIL {error}", file=sys.stderr)
        return 1
