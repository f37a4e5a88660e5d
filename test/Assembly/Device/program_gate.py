#!/usr/bin/env python3
"""Holds kernels of whole programs to what their forms promise, and writes the table of that.

A kernel is accepted by ptxas without a remark, spills nothing, has no memory of its own, and calls
nothing and uses no local memory in loops, as check_sass.py says; those of FORMS_OF_TENSORS have
tensor instructions. What breaks this is a violation; there is none. forms.toml has the worst that
kernels of a form need: registers, and bytes of shared memory.

Kernels of doubles have the same rules, and lines of their own there, as an element takes two
registers.
`row_attention`, for heads of any size, keeps a row of sums in a thread's own memory by its design
(LOCAL_ROWS).

Prints the violations. Where modules are found is said in test/conftest.py.

Example: PYTHONPATH=test python -c "import conftest, program_gate; program_gate.main(['--write'])"
"""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import check_sass
from assembled import ARCHITECTURES, Usage, assemble, disassemble
from build_tree import PROGRAM
from gated_programs import Program, programs

HERE = Path(__file__).resolve().parent
TABLE = HERE / "forms.toml"
SECONDS = 300
# Registers that a limit may lie above what is needed: a table that is never reached says nothing.
SLACK = 8
FORMS_OF_TENSORS = ("tile_attention", "decode_tiles", "tile_product")
# Bytes of 1024 elements, which heads have at most.
LOCAL_ROWS = {"row_attention": 4096, "row_attention_f64": 8192}
RECORD = re.compile(r'form = "(\w+)", kernel = "(\w+)"')
DOUBLES = re.compile(r"[<x]f64>|: f64")
# Kernels that passes make of loops and of requirements: by their names, as no record has them.
LOOPS = {"resident": "resident_grid", "kernel_loop": "loop_kernel", "require": "requirement"}


@dataclass(frozen=True)
class Kernel:
    """One kernel for one architecture. `calls` counts what loops must not have, by instruction;
    `tensors` says whether it has tensor instructions: where a part of the keys is one tile, ptxas
    leaves no loop around them."""

    program: str
    name: str
    form: str
    arch: str
    usage: Usage
    calls: Mapping[str, int]
    tensors: bool

    def violations(self) -> str:
        """Counts of what breaks the rules, empty for none."""
        found = {"spilled": self.usage.spilled, "stack": self.usage.stack,
                 "static": self.usage.static, **self.calls}  # fmt: skip
        if self.usage.stack <= LOCAL_ROWS.get(self.form, -1):
            found |= {"stack": 0, "LDL": 0, "STL": 0}
        if self.form in FORMS_OF_TENSORS and not self.tensors:
            found["tensors missing"] = 1
        return ", ".join(f"{count} {name}" for name, count in found.items() if count)

    def line(self) -> str:
        """What breaks the rules, and where."""
        return f"{self.program}: {self.name} {self.arch}: {self.violations()}"


@dataclass(frozen=True)
class Gated:
    """A program's kernels and the forms of its ledger, or why the compiler refuses it."""

    program: str
    kernels: tuple[Kernel, ...] = ()
    forms: frozenset[str] = frozenset()
    refused: str = ""


def form_of(name: str, text: str) -> str:
    """The form of a kernel in the ledger of `text`. What a condition launches has another suffix.
    Kernels of doubles are told apart: each element has two registers."""
    plain = name if f"@{name}(" in text else re.sub(r"_\d+$", "", name)
    records = {kernel: form for form, kernel in RECORD.findall(text)}
    loops = [form for start, form in LOOPS.items() if plain.startswith(start)]
    form = records[plain] if plain in records else loops[0]
    signature = re.search(rf"func\.func private @{plain}\((.*)\) attributes", text)
    assert signature, name
    return f"{form}_f64" if DOUBLES.search(signature[1]) else form


def _kernels(program: str, text: str, file: Path, arch: str) -> Iterator[Kernel]:
    cubin = file.with_suffix(".cubin")
    found = assemble(file, arch, cubin)
    code = check_sass.kernels(disassemble(cubin))
    for name, usage in found.items():
        loops = check_sass.held_to_rules(code[name])
        calls = {what: sum(loop.count(what) for loop in loops) for what in check_sass.FORBIDDEN}
        names = check_sass.parse(code[name]).names
        tensors = any(one.split(".")[0] in check_sass.TENSOR for one in names)
        yield Kernel(program, name, form_of(name, text), arch, usage, calls, tensors)


def gate(program: Program) -> Gated:
    """One program for each architecture."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        file = folder / "kernels.mlir"
        command = [PROGRAM, "compile", program.write(folder), "--target=cuda", "-q",
                   "--stop-after=kernel", "-o", file]  # fmt: skip
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False,
                              timeout=SECONDS)  # fmt: skip
        if done.returncode != 0:
            return Gated(program.name, refused=done.stderr.strip().splitlines()[0])
        text = file.read_text()
        kernels = [
            one for arch in ARCHITECTURES for one in _kernels(program.name, text, file, arch)
        ]
        forms = frozenset(re.findall(r'form = "(\w+)"', text))
        return Gated(program.name, tuple(kernels), forms)


def gate_all(chosen: Iterable[Program]) -> list[Gated]:
    """Two at a time: most of it is ptxas."""
    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(gate, chosen))


def violations(gated: Iterable[Gated]) -> list[str]:
    return [kernel.line() for one in gated for kernel in one.kernels if kernel.violations()]


Needs = dict[str, dict[str, int]]


def worst(gated: Iterable[Gated]) -> Needs:
    """By form what any kernel needs most: `shared`, and by architecture registers."""
    needs: Needs = {}
    for one in gated:
        for kernel in one.kernels:
            form = needs.setdefault(kernel.form, dict.fromkeys(("shared", *ARCHITECTURES), 0))
            form["shared"] = max(form["shared"], kernel.usage.dynamic)
            form[kernel.arch] = max(form[kernel.arch], kernel.usage.registers)
    return dict(sorted(needs.items()))


def changes(found: Needs, table: Needs) -> list[str]:
    """Where what forms need is not what the table has; registers may be SLACK fewer."""
    wrong = [f"{form}: not in both" for form in sorted(set(found) ^ set(table))]
    for form in sorted(set(found) & set(table)):
        for what, limit in table[form].items():
            least = limit if what == "shared" else limit - SLACK
            if not least <= found[form][what] <= limit:
                wrong.append(f"{form}: {found[form][what]} {what}, the table has {limit}")
    return wrong


def write(gated: Sequence[Gated]) -> None:
    """The table anew, with its head."""
    head = "".join(line for line in TABLE.read_text().splitlines(True) if line.startswith("#"))
    lines = [f"{form} = {{ {', '.join(f'{what} = {most}' for what, most in needs.items())} }}\n"
             for form, needs in worst(gated).items()]  # fmt: skip
    TABLE.write_text(head + "".join(lines))


def main(argv: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    chosen = parser.add_mutually_exclusive_group()
    chosen.add_argument("--write", action="store_true", help="write the table anew")
    chosen.add_argument("--all", action="store_true", help="print what breaks the rules, of all "
                        "programs of the grids: half an hour of one processor")  # fmt: skip
    options = parser.parse_args(argv)
    gated = gate_all(programs(options.all))
    refused = [f"{one.program}: {one.refused}" for one in gated if one.refused]
    print("\n".join(refused + violations(gated)))
    if options.write and not refused:
        write(gated)
    return 1 if refused or violations(gated) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
