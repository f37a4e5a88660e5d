"""Makes the folder of a visit: everything that a GPU is to run, and the program that runs it.

It needs no compiler, no LLVM and no network there: Python, the C and C++ libraries of Debian 12 or
younger, NVIDIA's driver; numpy for the sweep of programs, PyTorch for peers.
"""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import dataclasses
import datetime
import gzip
import json
import platform
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gpu import conformance, limits, model, programs, sweep
from gpu.artifacts import BUILD, ROOT, Compiler, Spec, assembler, entries, forms, tensors

HERE = Path(__file__).resolve().parent
# What may be carried.
MOST_BYTES = 64 << 20
# Modules of the binding that need nothing but Python.
BINDING = ("errors.py", "libraries.py", "runtime_abi.py")
COPY_BYTES = 1 << 30


def _about(emulated: bool, version: str) -> Spec:
    commit = subprocess.run(["git", "-C", ROOT, "rev-parse", "HEAD"], capture_output=True,
                            text=True, check=False).stdout.strip()  # fmt: skip
    ptxas = assembler()
    if ptxas != "none":
        said = subprocess.run([ptxas, "--version"], capture_output=True, text=True, check=True)
        ptxas = said.stdout.strip().splitlines()[-1]
    return {"version": version, "commit": commit, "emulated": emulated, "ptxas": ptxas,
            "prepared": datetime.date.today().isoformat(),
            "libc": " ".join(platform.libc_ver())}  # fmt: skip


def _case(folder: Path, file: str, name: str, flops: int, moved: int, **more: object) -> Spec:
    """A case of an artefact's only entry, with random inputs."""
    (entry,) = entries(folder / file)
    return {"case": name, "file": file, "entry": entry["name"], "flops": flops, "bytes": moved,
            "inputs": tensors(entry["inputs"], {}, "normal"),
            "outputs": tensors(entry["outputs"], {})} | more  # fmt: skip


def _timed(compiler: Compiler, tiny: bool) -> Iterator[tuple[str, Spec]]:
    """Each operation that is timed, by its section."""
    for one in programs.programs(tiny):
        file = f"timed/{one.case}.fvm"
        if not compiler.compile(one.text, file):
            continue
        case = _case(compiler.folder, file, one.case, one.flops, one.bytes, facts=one.facts,
                     dtype=one.inputs[0][1], forms=forms(compiler.folder / file),
                     steps=one.facts.get("steps"), compared=True)  # fmt: skip
        if one.section == "rnn":
            # Weights as PyTorch draws them: larger ones would hold the gates open or shut.
            width = one.inputs[0][2][2]
            for spec in case["inputs"][1:]:
                spec["scale"] = 0.5 * width**-0.5
        yield one.section, case


def _flex(cases: list[Spec]) -> list[Spec]:
    """FlexAttention compiles for each case: few of them."""
    chosen = [case for case in cases if "_d256_" not in case["case"]
              and ("_S2048_" in case["case"] or "_S8192_" in case["case"])]  # fmt: skip
    return chosen or cases[:1]


def _limits(compiler: Compiler, tiny: bool) -> Iterator[Spec]:
    loops = limits.TINY if tiny else limits.FULL
    if not compiler.compile(limits.module(loops), "limits.fvm"):
        return
    yield {"case": "copy", "bytes": 1 << 12 if tiny else COPY_BYTES}
    found = {entry["name"]: entry for entry in entries(compiler.folder / "limits.fvm")}
    for name, case, flops in (("fma", "fma_f32", loops["fma"].fma_flops()),
                              ("mma", "mma_bf16", loops["mma"].mma_flops())):  # fmt: skip
        inputs = tensors(found[name]["inputs"], {}, "normal" if name == "fma" else "ones")
        yield {"case": case, "file": "limits.fvm", "entry": name, "flops": flops, "bytes": 0,
               "inputs": inputs, "outputs": tensors(found[name]["outputs"], {}),
               "flushed": True}  # fmt: skip
    for case, count, flushed in (("elementwise_1gb", 1 << 27, True),
                                 ("elementwise_8mb_in_cache", 1 << 20, False),
                                 ("launch", 32, False)):  # fmt: skip
        count = 64 if tiny else count
        file = f"limits/{case}.fvm"
        if compiler.compile(limits.doubled(count), file):
            yield _case(compiler.folder, file, case, 0, 8 * count, flushed=flushed)


def _conformance(compiler: Compiler) -> list[Spec]:
    if not compiler.compile(conformance.module(), "conformance.fvm"):
        raise SystemExit(f"error: conformance: {compiler.refused['conformance.fvm']}")
    made = []
    for case in conformance.cases():
        one = dataclasses.asdict(case) | {"case": case.name, "entry": case.entry}
        one |= {"words": case.words, "rows": conformance.LANES * case.blocks + (case.blocks > 1)}
        del one["body"], one["name"]
        made.append(one)
    return made


def _pack(folder: Path) -> None:
    """Artefacts, most of whose bytes are text and zeros."""
    for path in list(folder.rglob("*.fvm")):
        packed = path.with_name(f"{path.name}.gz")
        packed.write_bytes(gzip.compress(path.read_bytes(), 6, mtime=0))
        path.unlink()


def _copy_programs(folder: Path) -> None:
    """The program of the visit, the runtime, and of its binding what needs no package."""
    shutil.copytree(HERE / "visit", folder / "visit", dirs_exist_ok=True,
                    ignore=shutil.ignore_patterns("__pycache__"))  # fmt: skip
    shutil.copy(HERE / "start.py", folder / "__main__.py")
    (folder / "fovea" / "lib").mkdir(parents=True, exist_ok=True)
    for name in BINDING:
        shutil.copy(ROOT / "python" / "fovea" / name, folder / "fovea" / name)
    (folder / "fovea" / "__init__.py").write_text('"""The binding of the runtime alone."""\n')
    shutil.copy(BUILD / "lib" / "libfovea-runtime.so", folder / "fovea" / "lib")


def _version(folder: Path) -> str:
    """Of the compiler, as an artefact has it."""
    data = (folder / "conformance.fvm").read_bytes()
    start = data.index(b'"producer":"') + len(b'"producer":"')
    return data[start : data.index(b'"', start)].decode().split()[-1]


def size_of(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def prepare(folder: Path, emulated: bool, tiny: bool) -> dict[str, str]:
    """Writes the folder anew, with full sizes or the least; what the target has refused, by
    file."""
    if folder.exists() and any(folder.iterdir()) and not (folder / "plan.json").exists():
        raise SystemExit(f"error: {folder} is not the folder of a visit; name another one")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as temporary:
        made = Path(temporary) / "made"
        made.mkdir()
        compiler = Compiler(made, emulated)
        (made / "conformance.json").write_text(json.dumps(_conformance(compiler)))
        plan: dict[str, Any] = {"about": _about(emulated, _version(made)),
                                "limits": list(_limits(compiler, tiny)),
                                "examined": ["conformance.fvm", "limits.fvm"]}  # fmt: skip
        for section in ("attention", "decode", "gemm", "rnn"):
            plan[section] = []
        for section, case in _timed(compiler, tiny):
            plan[section].append(case)
        plan["flex"] = _flex(plan["attention"])
        swept = sweep.Sweep(compiler)
        plan["model"] = list(model.write(swept, tiny))
        plan["examined"] += _examined(plan)
        sweep.write(swept, sweep.TINY if tiny else sweep.FULL)
        (made / "sweep.json").write_text(json.dumps(swept.index))
        plan["refused"] = compiler.refused
        (made / "plan.json").write_text(json.dumps(plan, indent=1))
        _pack(made)
        _copy_programs(made)
        if folder.exists():
            shutil.rmtree(folder)
        made.rename(folder)
    return compiler.refused


def _examined(plan: dict[str, Any]) -> list[str]:
    """An artefact of each kind of kernels."""
    found = []
    for section in ("attention", "decode", "gemm", "rnn", "model"):
        seen: set[tuple[str | None, ...]] = set()
        for case in plan[section]:
            depth = re.findall(r"_d\d+_", case["case"])
            kind = (case["dtype"], *case["forms"], *depth, case["facts"].get("kind"))
            if kind not in seen:
                seen.add(kind)
                found.append(case["file"])
    return list(dict.fromkeys(found))
