"""The grid compiled and run: which modules, how many cases, on both targets."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import fovea
import numpy as np
from build_tree import ALL, PROGRAM
from build_tree import fovea as run_program
from case_inputs import NUMPY, Case, cases_of, inputs_of, laid_out
from cover import Group, modules, programs
from crossings import Crossing
from grid_check import Outcome, check, disagreement
from oracle import answer
from program_text import entry

# A program's cases; one of them runs on the reference, too.
CASES = 8
# Modules of the sample that runs without --all.
SAMPLE = 12


def chosen() -> tuple[Group, ...]:
    """The modules of this session: all, or a sample that has each value of each dimension."""
    every = modules()
    return every if ALL else every[:SAMPLE]


def cases(number: int) -> list[Case]:
    return cases_of(programs()[number], number, CASES)


@dataclass
class Tally:
    """What a session has run."""

    compiles: int = 0
    cases: int = 0
    reference: int = 0
    modules: int = 0
    # Cases with rows that exclude poison, and with rows that have no key.
    guarded: int = 0
    empty: int = 0
    # The largest part of its bound that an error was, by type.
    used: dict[str, float] = field(default_factory=dict)

    def add(self, crossing: Crossing, outcome: Outcome) -> None:
        self.cases += 1
        self.guarded += outcome.guarded
        self.empty += outcome.empty
        self.used[crossing.dtype] = max(outcome.used, self.used.get(crossing.dtype, 0))


def module_text(numbers: tuple[int, ...]) -> str:
    return "".join(entry(programs()[number], f"program_{number}") for number in numbers)


def compiled(group: Group, tally: Tally) -> list[fovea.Module]:
    """One compilation, run by one thread and by two; kernels of a device know no threads of the
    host."""
    one = fovea.compile(module_text(group.numbers), target=group.cpu, threads=1)
    tally.compiles += 1
    if group.cpu.startswith("cuda"):
        return [one]
    with tempfile.TemporaryDirectory() as folder:
        one.save(Path(folder) / "module.fvm")
        return [one, fovea.load(Path(folder) / "module.fvm", threads=2)]


def rounds_weights(module: fovea.Module) -> list[bool]:
    """Whether a form of each program, in their order, rounds weights to the values' type. Copies of
    an attention for few queries stand in front of that for all others."""
    found, rounds = [], False
    for record in module.ledger["kernels"]:
        if record["op"] != "fovea.attention":
            continue
        rounds |= "rounds" in record
        if record.get("queries", "more").startswith(("more", "any other")):
            found.append(rounds)
            rounds = False
    return found


def run_module(group: Group, tally: Tally) -> Iterator[str]:
    """Runs all cases of a module; what is wrong with any."""
    modules = compiled(group, tally)
    for number, rounds in zip(group.numbers, rounds_weights(modules[0]), strict=True):
        entries = [module.entries[f"program_{number}"] for module in modules]
        for case in cases(number):
            outcome = check(entries, case, rounds)
            tally.add(case.crossing, outcome)
            if outcome.wrong:
                yield f"{group.cpu}: {outcome.wrong}"
    tally.modules += 1


def run_reference(number: int, folder: Path) -> str:
    """Runs a program's first case on the reference; what is wrong with it."""
    case = cases(number)[0]
    given = inputs_of(case)
    (folder / "program.mlir").write_text(entry(case.crossing))
    arguments = []
    for name, x in laid_out(case, given).items():
        np.save(folder / f"{name}.npy", x)
        arguments.append(f"--input={name}=@{name}.npy")
    done = run_program(folder, "run", "program.mlir", "--target=reference", "--out=out.npz",
                       *arguments)  # fmt: skip
    if done.returncode != 0:
        return f"{case}: {PROGRAM.name} run ends with {done.returncode}: {done.stderr}"
    with np.load(folder / "out.npz") as results:
        # .npy has no name for bf16 and calls it two bytes of anything.
        got = {name: x.view(NUMPY["bf16"]) if x.dtype.kind == "V" else x
               for name, x in results.items()}  # fmt: skip
    wrong, _ = disagreement(case.crossing, got, answer(case.crossing, given))
    return f"{case} on the reference: {wrong}" if wrong else ""
