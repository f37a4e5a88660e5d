"""Elementary functions on AArch64, in ULP against the C library's double precision.

The functions, their bounds and the comparison are those of test/Integration/CPU: the emulator
computes what the comparison asks for. Arguments are every 65,537th f32 and the surroundings of the
powers of two.
"""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import ctypes
import math
from collections.abc import Iterator
from pathlib import Path

import emulator
import numpy as np
import pytest
from VectorMath.cases import CASES, Case
from VectorMath.findings import Findings, pairs
from VectorMath.toolchain import Toolchain, find_tools

TOOLS, MISSING = find_tools()
pytestmark = pytest.mark.skipif(not TOOLS, reason=MISSING or "present")
STRIDE = 65537
AROUND = 16
Pointer = ctypes.POINTER(ctypes.c_float)
Compiled = ctypes.CFUNCTYPE(None, Pointer, Pointer, Pointer, ctypes.c_int64)

emulator.shared()


def entry(case: Case) -> str:
    """The entry @<name>: a tensor of f(a) or f(a, b)."""
    body = case.body.replace("TYPE", "f32").replace("CONSTANT(", "").replace(")", " : f32")
    names = ("a", "b") if case.pairs else ("a",)
    declared = ", ".join(
        f'%{name}: tensor<?xf32> {{fovea.name = "{name}", fovea.shape = ["n"]}}' for name in names
    )
    given, types = (
        ", ".join(f"%{name}" for name in names),
        ", ".join(["tensor<?xf32>"] * len(names)),
    )
    lanes = ", ".join(f"%{lane}: f32" for lane in "xy"[: len(names)])
    maps = ", ".join(["affine_map<(i) -> (i)>"] * (len(names) + 1))
    return f"""
func.func @{case.name}({declared})
    -> (tensor<?xf32> {{fovea.name = "out", fovea.shape = ["n"]}}) attributes {{fovea.entry}} {{
  %zero = arith.constant 0 : index
  %size = tensor.dim %a, %zero : tensor<?xf32>
  %empty = tensor.empty(%size) : tensor<?xf32>
  %result = linalg.generic {{indexing_maps = [{maps}], iterator_types = ["parallel"]}}
      ins({given} : {types}) outs(%empty : tensor<?xf32>) {{
  ^bb0({lanes}, %old: f32):
    {body}
    linalg.yield %r : f32
  }} -> tensor<?xf32>
  return %result : tensor<?xf32>
}}
"""


class Bench:
    """All functions in the emulator, and the reference."""

    def __init__(self, folder: Path, entries: dict[str, emulator.EmulatedEntry]) -> None:
        self.reference = ctypes.CDLL(str(Toolchain(TOOLS, folder).reference("reference")))
        self.entries = entries

    def compiled(self, case: Case, name: str) -> object:
        """The emulated function as a pointer to a function in C; it must outlive its use."""
        run = self.entries[name]

        def compute(x: object, y: object, out: object, count: int) -> None:
            a, b, result = (np.ctypeslib.as_array(p, (count,)) for p in (x, y, out))
            inputs = {"a": a, "b": b} if case.pairs else {"a": a}
            result[:] = run(**inputs)["out"]

        return Compiled(compute)

    def measure(self, case: Case, name: str) -> Findings:
        findings, function = Findings(0.0), self.compiled(case, name)
        common = ctypes.byref(findings), case.reference.encode(), function
        if case.pairs:
            # Special values with each other, then a first part of what is random.
            for x, y in list(pairs(STRIDE))[:3]:
                x, y = x[:8192].copy(), y[:8192].copy()
                out = np.empty_like(x)
                places = (ctypes.c_void_p(a.ctypes.data) for a in (x, y, out))
                assert self.reference.sweep_pairs(*common, *places, ctypes.c_int64(x.size))
            return findings
        edges = [e << 23 for e in range(512)] + [0x42B17218, 0xC2AEAC50, 0xC2CFF1B5, 0x3F7]
        ranges = [(0, 2**32, STRIDE)]
        ranges += [(max(e - AROUND, 0), min(e + AROUND, 2**32), 1) for e in edges]
        for first, end, step in ranges:
            assert self.reference.sweep(
                *common, ctypes.c_uint64(first), ctypes.c_uint64(end), ctypes.c_uint64(step),
                ctypes.c_double(case.low), ctypes.c_double(case.high))  # fmt: skip
        return findings


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    with emulator.loaded("".join(map(entry, CASES))) as (entries,):
        yield Bench(tmp_path_factory.mktemp("EmulatedMath"), entries)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_accuracy(bench: Bench, case: Case) -> None:
    findings = bench.measure(case, case.name)
    assert findings.compared > 8000
    assert findings.wrong == 0
    assert findings.max_ulp <= case.bound, str(findings)


def test_bound_is_checked(bench: Bench) -> None:
    """The comparison finds the error of a function that is not the one asked for."""
    sinh = next(case for case in CASES if case.name == "sinh")
    assert bench.measure(sinh, "cosh").max_ulp > sinh.bound
    assert math.isfinite(bench.measure(sinh, "sinh").max_ulp)
