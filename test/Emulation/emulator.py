"""AArch64 under Debian's emulator: compiles models for it, and runs them as if loaded here.

One process of the runner (runner.c) serves many modules and runs; it is started once a session.
"""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import functools
import json
import math
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import numpy as np
import pytest
from build_tree import BUILD, PROGRAM, fovea, require, sound
from fovea.runtime_abi import DataType
from fovea.tensors import dlpack_type, numpy_dtype

TARGET = "armv8-a"
EMULATOR = "qemu-aarch64"
SYSROOT = Path("/usr/aarch64-linux-gnu")
RUNNER = BUILD / "aarch64" / "bin" / "fovea-runner"
Results = dict[str, np.ndarray]


class RunFailed(Exception):
    """The runtime's message about a load or a run."""


class EmulatedEntry:
    """One function of a module in the runner; called as fovea.Entry is."""

    def __init__(self, machine: Emulator, module: int, entry: Mapping[str, Any]) -> None:
        self.machine, self.module, self.name = machine, module, entry["name"]
        self.inputs, self.outputs = (
            [info["name"] for info in entry[side]] for side in ("inputs", "outputs")
        )

    def __call__(self, **inputs: np.ndarray) -> Results:
        assert sorted(inputs) == sorted(self.inputs)
        request = f"run {self.module} {self.name} {len(inputs)}"
        self.machine.send(request, [np.asarray(inputs[name]) for name in self.inputs])
        return dict(zip(self.outputs, self.machine.receive(), strict=True))


class Emulator:
    """The runner's process."""

    def __init__(self, command: Sequence[object]) -> None:
        # A failure is told by the runner's answer, or by its end.
        self.process = subprocess.Popen(
            [str(word) for word in command], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self.modules = 0

    @property
    def _pipes(self) -> tuple[IO[bytes], IO[bytes]]:
        assert self.process.stdin
        assert self.process.stdout
        return self.process.stdin, self.process.stdout

    def send(self, request: str, tensors: Sequence[np.ndarray] = ()) -> None:
        pipe, _ = self._pipes
        pipe.write(f"{request}\n".encode())
        for x in tensors:
            kind = dlpack_type(x.dtype, "")
            pipe.write(" ".join(map(str, (kind.code, kind.bits, x.ndim, *x.shape))).encode())
            pipe.write(b"\n" + x.tobytes())
        pipe.flush()

    def _answer(self) -> int:
        """The number of an answer that says ok."""
        line = self._pipes[1].readline().decode()
        word, _, rest = line.strip().partition(" ")
        if word != "ok":
            raise RunFailed(rest if word == "error" else f"the runner ended, code {self.end()}")
        return int(rest)

    def receive(self) -> list[np.ndarray]:
        arrays = []
        for _ in range(self._answer()):
            code, bits, _, *shape = map(int, self._pipes[1].readline().split())
            dtype = numpy_dtype(DataType(code, bits, 1))
            data = self._pipes[1].read(math.prod(shape) * dtype.itemsize)
            arrays.append(np.frombuffer(data, dtype).reshape(shape))
        return arrays

    def load(self, path: Path, threads: int = 1) -> dict[str, EmulatedEntry]:
        """The entries of an artefact by name, run by so many threads."""
        self.send(f"load {threads} {path.resolve()}")
        manifest = json.loads(self._pipes[1].read(self._answer()))
        module, self.modules = self.modules, self.modules + 1
        return {entry["name"]: EmulatedEntry(self, module, entry) for entry in manifest["entries"]}

    def free(self, module: int) -> None:
        self.send(f"free {module}")
        self.receive()

    def end(self) -> int:
        """Waits for the process; its exit code."""
        self._pipes[0].close()
        return self.process.wait(timeout=60)


def missing() -> str:
    """What this machine lacks to run AArch64, or nothing."""
    if not shutil.which(EMULATOR):
        return f"{EMULATOR} is missing (Debian's qemu-user)"
    if not SYSROOT.is_dir():
        return f"{SYSROOT} is missing (Debian's g++-aarch64-linux-gnu)"
    return "" if RUNNER.exists() else f"{RUNNER} is missing (./dev build)"


def start() -> Emulator:
    """A new process of the runner; skips the test, or the module that asks, without one."""
    require(PROGRAM, "./dev build")
    if reason := missing():
        pytest.skip(reason, allow_module_level=True)
    return Emulator([EMULATOR, "-L", SYSROOT, RUNNER])


@functools.cache
def shared() -> Emulator:
    """The process that a session's tests share."""
    return start()


@contextmanager
def loaded(text: str, threads: Sequence[int] = (1,)) -> Iterator[list[dict[str, EmulatedEntry]]]:
    """The entries of one compilation, loaded once for each number of threads."""
    machine = shared()
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "model.mlir").write_text(text)
        sound(fovea(Path(folder), "compile", "model.mlir", f"--target={TARGET}"))
        path = Path(folder) / "model.fvm"
        modules = [machine.load(path, count) for count in threads]
    try:
        yield modules
    finally:
        for entries in modules:
            machine.free(next(iter(entries.values())).module)
