"""The recurrence grid compiled and run: which modules, how many cases, what is wrong with any."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import fovea
import numpy as np
from balls import Array, Ball
from build_tree import ALL, PROGRAM
from build_tree import fovea as run_program
from rnn_cases import NUMPY, Case, arguments, cases_of, inputs_of, write_constants
from rnn_oracle import answer
from rnn_programs import Group, Program, modules, programs
from rnn_text import entry

# A program's cases; one of them runs on the reference, too.
CASES = 8
# Modules of the sample that runs without --all.
SAMPLE = 8


def chosen() -> tuple[Group, ...]:
    """The modules of this session: all, or a sample."""
    return modules() if ALL else modules()[:SAMPLE]


@dataclass
class Tally:
    """What a session has run."""

    compiles: int = 0
    cases: int = 0
    modules: int = 0
    # Cases with poison.
    guarded: int = 0
    # The largest part of its bound that an error was, by type.
    used: dict[str, float] = field(default_factory=dict)


def disagreement(results: Mapping[str, Array], want: Mapping[str, Ball]) -> tuple[str, float]:
    """What is further off than its bound, or nothing; and the largest part of a bound used."""
    if set(results) != set(want):
        return f"outputs {list(results)}, expected {list(want)}", 0.0
    most = 0.0
    for name, ball in want.items():
        got = results[name]
        if got.shape != ball.value.shape:
            return f"{name} has shape {got.shape}, expected {ball.value.shape}", 0.0
        if got.size == 0:
            continue
        with np.errstate(invalid="ignore"):
            error = np.abs(got.astype(ball.value.dtype) - ball.value)
            used = np.where(error == 0, 0, error / np.maximum(ball.error, 1e-300))
        if not np.all(used <= 1):
            at = np.unravel_index(np.argmax(np.where(np.isnan(used), np.inf, used)), used.shape)
            place = ", ".join(map(str, at))
            text = f"{got[at]}, expected {ball.value[at]} +- {ball.error[at]:.3g}"
            return f"{name}[{place}] is {text}", 0.0
        most = max(most, float(used.max()))
    return "", most


def compiled(group: Group, tally: Tally, folder: Path) -> list[fovea.Module]:
    """One compilation, run by one thread and by two; kernels of a device know no threads of the
    host."""
    texts = []
    for number in group.numbers:
        program = programs()[number]
        texts.append(entry(program, f"program_{number}", write_constants(program, number, folder)))
    # A file: a module from memory cannot name the files of its weights.
    (folder / "module.mlir").write_text("".join(texts))
    one = fovea.compile(folder / "module.mlir", target=group.cpu, threads=1)
    tally.compiles += 1
    if group.cpu.startswith("cuda"):
        return [one]
    one.save(folder / "module.fvm")
    return [one, fovea.load(folder / "module.fvm", threads=2)]


def run_case(entries: Sequence[fovea.Entry], case: Case, tally: Tally) -> str:
    given = inputs_of(case)
    one, *others = (run(**arguments(case, given)) for run in entries)
    wrong, used = disagreement(one, answer(case.program, given))
    tally.cases += 1
    tally.guarded += any(np.isnan(values.astype(np.float64)).any() for values in given.values())
    dtype = case.program.dtype
    tally.used[dtype] = max(used, tally.used.get(dtype, 0))
    pairs = ((one[name], two[name]) for two in others for name in one)
    if not wrong and any(x.tobytes() != y.tobytes() for x, y in pairs):
        wrong = "results of one thread and of two have different bits"
    return f"{case}: {wrong}" if wrong else ""


def run_module(group: Group, tally: Tally) -> Iterator[str]:
    """Runs all cases of a module; what is wrong with any."""
    with tempfile.TemporaryDirectory() as folder:
        modules = compiled(group, tally, Path(folder))
        for number in group.numbers:
            entries = [module.entries[f"program_{number}"] for module in modules]
            for case in cases_of(programs()[number], number, CASES):
                if wrong := run_case(entries, case, tally):
                    yield f"{group.cpu}: {wrong}"
    tally.modules += 1


def run_reference(number: int, folder: Path) -> str:
    """Runs a program's first case on the reference; what is wrong with it."""
    program: Program = programs()[number]
    case = cases_of(program, number, 1)[0]
    given = inputs_of(case)
    (folder / "program.mlir").write_text(
        entry(program, "main", write_constants(program, number, folder))
    )
    options = []
    for name, x in arguments(case, given).items():
        np.save(folder / f"{name}.npy", x)
        options.append(f"--input={name}=@{name}.npy")
    done = run_program(folder, "run", "program.mlir", "--target=reference", "--out=out.npz",
                       *options)  # fmt: skip
    if done.returncode != 0:
        return f"{case}: {PROGRAM.name} run ends with {done.returncode}: {done.stderr}"
    with np.load(folder / "out.npz") as results:
        # .npy has no name for bf16 and calls it two bytes of anything.
        got = {name: x.view(NUMPY["bf16"]) if x.dtype.kind == "V" else x
               for name, x in results.items()}  # fmt: skip
    wrong, _ = disagreement(got, answer(program, given, stores_cell=True))
    return f"{case} on the reference: {wrong}" if wrong else ""
