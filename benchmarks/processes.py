"""Processes that are asked for slices: pinned to processors, stopped while others have theirs."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import json
import os
import selectors
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np


class Broken(Exception):
    """A process that gave no answer, or an error; the text says which."""


class Stopped:
    """A process that answers lines with lines of JSON. Outside of `ask` it is stopped, with all its
    threads and children."""

    def __init__(
        self, command: Sequence[str | Path], processors: Sequence[int],
        environment: Mapping[str, str] | None = None,
    ) -> None:  # fmt: skip
        own = os.sched_getaffinity(0)
        os.sched_setaffinity(0, processors)  # what the child inherits
        try:
            self.process = subprocess.Popen(
                list(map(str, command)), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL, env=os.environ | dict(environment or {}),
                start_new_session=True,
            )  # fmt: skip
        finally:
            os.sched_setaffinity(0, own)
        self._rest = b""

    def _signal(self, number: int) -> None:
        os.killpg(self.process.pid, number)

    def pause(self) -> None:
        """Returns when every thread of the process stands still."""
        self._signal(signal.SIGSTOP)
        os.waitpid(self.process.pid, os.WUNTRACED)

    def read(self, limit: float) -> Any:
        """The next answer; Broken after `limit` seconds."""
        end = time.monotonic() + limit
        stream = self.process.stdout
        with selectors.DefaultSelector() as selector:
            selector.register(stream, selectors.EVENT_READ)
            while b"\n" not in self._rest:
                if not selector.select(max(0.0, end - time.monotonic())):
                    raise Broken(f"no answer in {limit:.0f} s")
                data = os.read(stream.fileno(), 1 << 16)
                if not data:
                    raise Broken(f"ended with exit code {self.process.wait()}")
                self._rest += data
        line, _, self._rest = self._rest.partition(b"\n")
        answer = json.loads(line)
        if isinstance(answer, dict) and "error" in answer:
            raise Broken(answer["error"])
        return answer

    def ask(self, line: str, limit: float = 120.0) -> Any:
        """Wakes the process up for one answer."""
        self._signal(signal.SIGCONT)
        try:
            self.process.stdin.write(line.encode() + b"\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            raise Broken(f"ended with exit code {self.process.wait()}") from None
        answer = self.read(limit)
        self.pause()
        return answer

    def close(self) -> None:
        if self.process.returncode is None:
            self._signal(signal.SIGKILL)
            self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()


class Contender(Stopped):
    """A worker with a case of one system, loaded and stopped."""

    LOAD_SECONDS = 400.0

    def __init__(
        self, python: Path, name: str, case: str, settings: Mapping[str, Any],
        processors: Sequence[int],
    ) -> None:  # fmt: skip
        self.settings = settings
        worker = Path(__file__).resolve().with_name("worker.py")
        # Compilers that start processes of their own would outlive a stop.
        environment = {"TORCHINDUCTOR_COMPILE_THREADS": "1", **settings.get("environment", {})}
        command = [python, worker, name, case, json.dumps(dict(settings))]
        super().__init__(command, processors, environment)
        try:
            self.version = self.read(self.LOAD_SECONDS)["version"]
            self.pause()
        except Broken:
            self.close()
            raise

    def slice(self, milliseconds: float) -> list[float]:
        """Seconds of single calls."""
        return self.ask(f"slice {milliseconds}")

    def output(self, folder: Path) -> np.ndarray:
        path = folder / "output.npy"
        self.ask(f"output {path}")
        return np.load(path)


class Peak(Stopped):
    """What the machine can do meanwhile: `fovea doctor --slices`."""

    def __init__(self, program: Path, target: str, processors: Sequence[int]) -> None:
        options = [f"--target={target}", f"--threads={len(processors)}"]
        super().__init__([program, "doctor", "--slices", *options], processors)
        # Memory is written when it is first read from.
        self.gbps(1)
        self.gflops(1)

    def gflops(self, milliseconds: float) -> float:
        return self.ask(f"multiply {milliseconds}")["gflops"]

    def gbps(self, milliseconds: float) -> float:
        return self.ask(f"read {milliseconds}")["gbps"]

    def reread_gbps(self, milliseconds: float, size: int) -> float:
        """Of `size` bytes a thread that are read over and over."""
        return self.ask(f"reread {milliseconds} {size}")["gbps"]
