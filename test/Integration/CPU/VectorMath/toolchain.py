"""From MLIR text to a loaded library and to assembly, with the tools of one build folder."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

import ctypes
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

# test_vector_math.py is a program too, for which no conftest.py does this.
sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from build_tree import BUILD  # noqa: E402

PIPELINE = [
    "--fovea-math-to-arith",
    "--canonicalize",
    "--cse",
    "--convert-scf-to-cf",
    "--convert-to-llvm",
    "--reconcile-unrealized-casts",
]


def find_tools() -> tuple[dict[str, Path], str]:
    """The programs by name, or the reason why one is missing."""
    tools = {"fovea-opt": BUILD / "bin" / "fovea-opt"}
    config = shutil.which("llvm-config-22") or "/usr/lib/llvm-22/bin/llvm-config"
    if not Path(config).exists():
        return {}, "llvm-config-22 is missing"
    folder = Path(subprocess.check_output([config, "--bindir"], text=True).strip())
    tools |= {name: folder / name for name in ("mlir-translate", "clang")}
    missing = [str(path) for path in tools.values() if not path.exists()]
    return ({}, f"missing: {', '.join(missing)}") if missing else (tools, "")


class Toolchain:
    def __init__(self, tools: dict[str, Path], folder: Path) -> None:
        self.tools, self.folder = tools, folder

    def run(self, tool: str, *arguments: object) -> None:
        done = subprocess.run(
            [str(self.tools[tool]), *map(str, arguments)],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{tool}: {done.stderr[:4000]}"

    def llvm_ir(self, name: str, text: str, pipeline: Sequence[str] = PIPELINE) -> Path:
        ends = (".mlir", ".llvm.mlir", ".ll")
        source, lowered, ir = (self.folder / f"{name}{end}" for end in ends)
        source.write_text(text)
        self.run("fovea-opt", source, *pipeline, "-o", lowered)
        self.run("mlir-translate", "--mlir-to-llvmir", lowered, "-o", ir)
        return ir

    def assembly(self, ir: Path, march: str) -> str:
        out = ir.with_suffix(f".{march}.s")
        self.run(
            "clang", "-O3", f"-march={march}", "-fPIC", "-Wno-override-module", "-S", ir, "-o", out
        )
        return out.read_text()

    def library(self, ir: Path, march: str, *others: Path) -> ctypes.CDLL:
        """Linked with nothing but `others`: an undefined function is an error here."""
        out = ir.with_suffix(f".{march}.so")
        self.run(
            "clang",
            "-O3",
            f"-march={march}",
            "-fPIC",
            "-Wno-override-module",
            "-shared",
            "-nostdlib",
            "-Wl,-z,defs",
            ir,
            *others,
            "-o",
            out,
        )
        return ctypes.CDLL(str(out))

    def reference(self, name: str) -> Path:
        """The C file of that name as a library."""
        here = Path(__file__).parent
        out = self.folder / f"lib{name}.so"
        self.run(
            "clang",
            "-O2",
            "-std=c11",
            "-Wall",
            "-Werror",
            "-fPIC",
            "-shared",
            "-I",
            here.parents[3] / "runtime" / "include",
            here / f"{name}.c",
            "-o",
            out,
            "-lm",
        )
        return out


@dataclass(frozen=True)
class HotLoop:
    """The loop of a function that does the most work."""

    instructions: int
    elements: int  # f32 results stored in one iteration
    calls: int
    registers: str  # zmm, ymm, xmm

    @property
    def per_vector(self) -> float:
        """Instructions for 16 elements."""
        return 16.0 * self.instructions / self.elements


def hot_loop(assembly: str, function: str) -> HotLoop:
    """Reads the innermost loop with the widest stores out of a function's assembly."""
    text = re.search(rf"^{function}:(.*?)^\s*\.size\s+{function},", assembly, re.M | re.S)
    assert text, f"no function {function}"
    lines = [line.split("#")[0].strip() for line in text.group(1).splitlines()]
    starts = {line[:-1]: i for i, line in enumerate(lines) if line.endswith(":")}
    best = HotLoop(1, 0, 0, "")
    for end, line in enumerate(lines):
        jump = re.match(r"j\w+\s+(\.L\w+)$", line)
        if not jump or starts.get(jump.group(1), end) >= end:
            continue
        body = [x for x in lines[starts[jump.group(1)] : end + 1] if x and x[0] not in ".#"]
        elements, width = 0, "xmm"
        for instruction in body:
            store = re.match(r"vmov\w*\s+%([xyz]mm)\d+, [-\w]*\(%(?!rsp|rbp)", instruction)
            if store:
                lanes = {"zmm": 16, "ymm": 8, "xmm": 4}[store.group(1)]
                elements += 1 if instruction.startswith("vmovss") else lanes
        for name in ("ymm", "zmm"):
            width = name if any(f"%{name}" in x for x in body) else width
        if elements > best.elements:
            calls = sum(x.startswith("call") for x in body)
            best = HotLoop(len(body), elements, calls, width)
    return best
