"""Random legal programs: each is compiled, run and compared with the float64 reference."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import dataclasses
import random
import shlex
import subprocess
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import program_ops as ops
from build_tree import NOT_YET
from program import Input, Program, Value
from program_attention import attention

LIMIT_SECONDS = 120.0
_STARTS: list[Callable[[Program], list[Value]]] = [
    attention, attention, attention, ops.contract, ops.contract, ops.norm, ops.elementwise,
    ops.recurrence, ops.loop,
]  # fmt: skip
_NEXT: list[Callable[[Program, Value], list[Value]]] = [
    ops.elementwise, ops.elementwise, ops.norm, ops.contract,
]  # fmt: skip


@dataclasses.dataclass(frozen=True)
class Made:
    """One program: its module, and what it is run with."""

    number: int
    text: str
    inputs: list[Input]
    sizes: dict[str, int]

    @property
    def options(self) -> list[str]:
        """What `fovea verify` is told besides the module."""
        sizes = [f"--size={name}={size}" for name, size in self.sizes.items()]
        return [*sizes, *(f"--input={given.name}={given.spec}" for given in self.inputs)]


def make(salt: int, number: int) -> Made:
    """The program of this number; the same for the same salt."""
    rng = random.Random(f"{salt}/program/{number}")
    p = Program(rng)
    results = rng.choice(_STARTS)(p)
    for _ in range(rng.choice([0, 0, 1, 2])):
        source = rng.choice(results)
        results += rng.choice(_NEXT)(p, source)
    kept = rng.sample(results, rng.randint(1, len(results)))
    if results[-1] not in kept:
        kept.append(results[-1])
    return Made(number, p.text(kept), p.inputs, p.used_sizes())


def verify(program: Path, made: Made, folder: Path, extra: Sequence[str] = ()) -> str:
    """Empty when the compiled program agrees with the reference, else what happened."""
    path = folder / f"program-{made.number}.mlir"
    path.write_text(made.text)
    command = [str(program), "verify", path.name, "-q", *made.options, *extra]
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False,
                              timeout=LIMIT_SECONDS)  # fmt: skip
    except subprocess.TimeoutExpired:
        return f"took more than {LIMIT_SECONDS:.0f} s"
    if done.returncode == 0:
        path.unlink()
        return ""
    return f"exit {done.returncode}: {done.stdout.strip()} {done.stderr.strip()}"[:1200]


def is_refused(verdict: str, options: Sequence[str]) -> bool:
    """Whether that happened because a device does not take such programs yet."""
    is_device = any(option.startswith("--target=cuda") for option in options)
    return is_device and f"error[{NOT_YET}]" in verdict


@dataclasses.dataclass(frozen=True)
class Verdicts:
    """Of some programs: a line for each that failed, and how many a device does not take yet."""

    failures: list[str]
    refused: int


def run(
    program: Path,
    folder: Path,
    numbers: Sequence[int],
    salt: int = 0,
    workers: int = 2,
    extra: Sequence[str] = (),
) -> Verdicts:
    """Verifies these programs, with `extra` options. The module of each that failed stays in
    `folder`."""
    folder.mkdir(parents=True, exist_ok=True)

    def one(number: int) -> str | None:
        """Empty when the program agrees, nothing when it is refused."""
        made = make(salt, number)
        verdict = verify(program, made, folder, extra)
        if not verdict:
            return ""
        if is_refused(verdict, extra):
            (folder / f"program-{number}.mlir").unlink()
            return None
        command = shlex.join(["fovea", "verify", f"program-{number}.mlir", *made.options, *extra])
        (folder / f"program-{number}.txt").write_text(f"{command}\n{verdict}\n")
        return f"program {salt}/{number}: {command}\n    {verdict}"

    with ThreadPoolExecutor(workers) as pool:
        lines = list(pool.map(one, numbers))
    return Verdicts([line for line in lines if line], lines.count(None))
