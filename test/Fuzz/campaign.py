"""Gives damaged models to the program and judges how it ends.

A case is right when the program exits 0 or 3 (an artefact: 3) within ten seconds, and its memory
stays below that of an empty model of the format plus twice the file plus 64 MiB.
"""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import dataclasses
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import corpus
import damage

LIMIT_SECONDS = 10.0
SLACK_BYTES = 64 * 2**20
# A run-away case is stopped here, long after it has failed.
ADDRESS_BYTES = 6 * 2**30
TRUNCATIONS = 100
MEASURED = str(Path(__file__).with_name("measured.py"))


@dataclasses.dataclass(frozen=True)
class Case:
    """One damaged file: reproducible from the seed's name, the kind and the number."""

    seed: corpus.Seed
    number: int
    data: bytes

    @property
    def name(self) -> str:
        return f"{self.seed.name}-{self.number}"


@dataclasses.dataclass(frozen=True)
class End:
    """How a process ended."""

    code: int
    seconds: float
    peak_bytes: int
    stderr: str


def cases(seed: corpus.Seed, mutations: Sequence[int], places: int, salt: int) -> Iterator[Case]:
    """Damaged copies of a seed's file: truncated at `places`, then these mutations."""
    data = seed.file.read_bytes()
    for number, prefix in enumerate(damage.truncations(data, places)):
        yield Case(seed, -1 - number, prefix)
    kinds = corpus.MUTATIONS[seed.format]
    for number in mutations:
        rng = random.Random(f"{salt}/{seed.name}/{number}")
        yield Case(seed, number, rng.choice(kinds)(data, rng))


def run_limited(command: Sequence[str], folder: Path) -> End:
    """Runs a command with a limit of time and of memory."""
    start = time.monotonic()
    reading, writing = os.pipe()
    process = subprocess.Popen(
        [sys.executable, "-I", "-S", MEASURED, str(writing), *command], cwd=folder,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, pass_fds=[writing],
        start_new_session=True,
    )  # fmt: skip
    os.close(writing)
    timer = threading.Timer(LIMIT_SECONDS, os.killpg, (process.pid, signal.SIGKILL))
    timer.start()
    assert process.stderr
    text = process.stderr.read(1 << 20).decode(errors="replace")
    process.stderr.close()
    process.wait()
    timer.cancel()
    with os.fdopen(reading) as report:
        # Nothing when it was ended.
        status, peak = map(int, report.read().split() or (signal.SIGKILL, 0))
    seconds = time.monotonic() - start
    return End(os.waitstatus_to_exitcode(status), seconds, peak, text)


class Campaign:
    """Runs cases with a program, each worker in a copy of the seeds' folder."""

    def __init__(self, program: Path, folder: Path, workers: int = 2) -> None:
        self.program = program
        self.seeds = corpus.write(folder / "seeds", program)
        self._folder = folder
        self._workers = workers
        self._local = threading.local()
        self._made = 0
        self._lock = threading.Lock()
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        self._prefix = ["prlimit", f"--as={ADDRESS_BYTES}", "--"]
        for seed in self.seeds:
            end = self._run(seed, seed.file.read_bytes())
            if end.code not in ((0, 5) if seed.format == "fvm" else (0,)):
                raise RuntimeError(f"{seed.name} is no sound model: {end.code} {end.stderr}")
        first = {seed.format: seed for seed in reversed(self.seeds)}
        empty = corpus.empty(folder / "empty", program)
        # Bytes that an empty model of each format takes.
        self.base = {name: self.peak_bytes(seed, empty[name]) for name, seed in first.items()}

    def _place(self) -> Path:
        """The calling worker's own copy of the seeds."""
        if not hasattr(self._local, "folder"):
            with self._lock:
                self._made += 1
                self._local.folder = self._folder / f"worker-{self._made}"
            shutil.copytree(self._folder / "seeds", self._local.folder)
        return self._local.folder

    def command(self, seed: corpus.Seed, folder: Path) -> list[str]:
        model = folder / seed.model.relative_to(self._folder / "seeds")
        output = ["-o", str(folder / "out.fvm")] if seed.verb == "compile" else []
        return [str(self.program), seed.verb, str(model), "-q", *output]

    def _run(self, seed: corpus.Seed, data: bytes) -> End:
        folder = self._place()
        file = folder / seed.file.relative_to(self._folder / "seeds")
        file.write_bytes(data)
        try:
            return run_limited([*self._prefix, *self.command(seed, folder)], folder)
        finally:
            file.write_bytes(seed.file.read_bytes())

    def peak_bytes(self, seed: corpus.Seed, data: bytes) -> int:
        """What the program takes with `data` in place of the seed's file."""
        return self._run(seed, data).peak_bytes

    def judge(self, case: Case) -> str:
        """Empty when the program ended as it should, else what is wrong."""
        end = self._run(case.seed, case.data)
        expected = (3,) if case.seed.format == "fvm" else (0, 3)
        if case.seed.format == "fvm" and case.data == case.seed.file.read_bytes():
            return ""
        if end.code not in expected:
            return f"exit {end.code}: {end.stderr.strip()[:400]}"
        if end.seconds > LIMIT_SECONDS:
            return f"took {end.seconds:.1f} s"
        if end.code == 3 and "error" not in end.stderr:
            return "exit 3 without an error"
        most = self.base[case.seed.format] + 2 * len(case.data) + SLACK_BYTES
        if end.peak_bytes > most:
            return f"peak memory {end.peak_bytes >> 20} MiB of {most >> 20} allowed"
        return ""

    def run(self, todo: Sequence[Case], keep: Path | None = None) -> list[str]:
        """Judges all cases; a line for each that failed. With `keep`, its file stays there."""
        with ThreadPoolExecutor(self._workers) as pool:
            verdicts = list(pool.map(self.judge, todo))
        failures = []
        for case, verdict in zip(todo, verdicts, strict=True):
            if not verdict:
                continue
            failures.append(f"{case.seed.format} {case.name}: {verdict}")
            if keep:
                self._write_reproducer(case, keep / f"{case.seed.format}-{case.name}", verdict)
        return failures

    def _write_reproducer(self, case: Case, folder: Path, verdict: str) -> None:
        shutil.copytree(self._folder / "seeds", folder, dirs_exist_ok=True)
        place = folder / case.seed.file.relative_to(self._folder / "seeds")
        place.write_bytes(case.data)
        model = case.seed.model.relative_to(self._folder / "seeds")
        command = f"fovea {case.seed.verb} {model}"
        (folder / "README").write_text(f"{command}\n{verdict}\n")


def sample(
    seeds: Sequence[corpus.Seed], mutations: int, places: int, salt: int = 0, first: int = 0
) -> list[Case]:
    """`mutations` of every format, dealt out among its seeds, and `places` of every seed."""
    todo: list[Case] = []
    for format in corpus.FORMATS:
        own = [seed for seed in seeds if seed.format == format]
        for index, seed in enumerate(own):
            numbers = range(first + index, first + mutations, len(own))
            todo += cases(seed, numbers, places, salt)
    return todo
