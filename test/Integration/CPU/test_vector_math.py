"""Accuracy and code of fovea-math-to-arith, function by function.

Each function is compiled as a loop over scalars and over vectors of 16, for AVX-512 and for AVX2,
and run against the C library's double precision over a grid of all f32. As a program it prints the
table of docs/Rationale/VectorMath.md; --all takes every f32 instead of every 257th.
"""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

import argparse
import ctypes
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from VectorMath.cases import CASES, FORMS, Case, mlir
from VectorMath.findings import Findings, pairs
from VectorMath.toolchain import HotLoop, Toolchain, find_tools, hot_loop

TOOLS, MISSING = find_tools()
MARCHES = {"x86-64-v4": "avx512dq", "x86-64-v3": "fma"}
CPU_FLAGS = set(Path("/proc/cpuinfo").read_text().split())
pytestmark = pytest.mark.skipif(not TOOLS, reason=MISSING or "present")


class Bench:
    """All functions compiled, with their assembly."""

    def __init__(self, folder: Path, cases: list[Case]) -> None:
        self.chain = Toolchain(TOOLS, folder)
        text = "".join(mlir(case, form) for case in cases for form in FORMS)
        self.ir = self.chain.llvm_ir("functions", text)
        self.assembly = {march: self.chain.assembly(self.ir, march) for march in MARCHES}
        self.libraries = {
            march: self.chain.library(self.ir, march)
            for march, flag in MARCHES.items()
            if flag in CPU_FLAGS
        }
        self.reference = ctypes.CDLL(str(self.chain.reference("reference")))

    def hot_loop(self, case: Case, form: str, march: str) -> HotLoop:
        return hot_loop(self.assembly[march], f"{case.name}_{form}")

    def measure(self, case: Case, form: str, march: str, stride: int) -> Findings:
        function = ctypes.cast(self.libraries[march][f"{case.name}_{form}"], ctypes.c_void_p)
        findings = Findings(0.0)
        name = case.reference.encode()
        if case.pairs:
            for x, y in pairs(stride):
                out = np.empty_like(x)
                assert self.reference.sweep_pairs(
                    ctypes.byref(findings), name, function, x.ctypes, y.ctypes, out.ctypes, x.size
                )
            return findings
        ranges = [(0, 2**32, stride)]
        if stride > 1:  # the surroundings of every power of two and of the bounds of exp
            edges = [e << 23 for e in range(512)] + [0x42B17218, 0xC2AEAC50, 0xC2CFF1B5, 0x3F7]
            ranges += [(max(e - 2048, 0), min(e + 2048, 2**32), 1) for e in edges]
        for first, end, step in ranges:
            assert self.reference.sweep(
                ctypes.byref(findings),
                name,
                function,
                ctypes.c_uint64(first),
                ctypes.c_uint64(end),
                ctypes.c_uint64(step),
                ctypes.c_double(case.low),
                ctypes.c_double(case.high),
            )
        return findings


@pytest.fixture(scope="session")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    return Bench(tmp_path_factory.mktemp("VectorMath"), CASES)


@pytest.mark.parametrize("march", MARCHES)
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_accuracy(bench: Bench, case: Case, form: str, march: str) -> None:
    if march not in bench.libraries:
        pytest.skip(f"this processor lacks {MARCHES[march]}")
    # One form takes the full grid; the others are the same arithmetic.
    full = form == "loop" and march == next(iter(bench.libraries))
    findings = bench.measure(case, form, march, 257 if full else 65537)
    assert findings.wrong == 0 and findings.max_ulp <= case.bound, str(findings)


@pytest.mark.parametrize("march", MARCHES)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_code_is_vector_code(bench: Bench, case: Case, march: str) -> None:
    assert "call" not in bench.assembly[march]
    loop = bench.hot_loop(case, "loop", march)
    # fmod computes in f64, of which a register of AVX2 holds four.
    least = 4 if (case.name, march) == ("fmod", "x86-64-v3") else 8
    assert loop.calls == 0 and loop.registers in ("ymm", "zmm") and loop.elements >= least, loop
    vector = bench.hot_loop(case, "v16", march)
    assert vector.registers == ("zmm" if march == "x86-64-v4" else "ymm"), vector


def test_bound_is_checked(bench: Bench) -> None:
    """The comparison finds the error of a function that is not the one asked for."""
    sinh = next(case for case in CASES if case.name == "sinh")
    wrong = Case("sinh", sinh.bound, sinh.body, low=1.0, high=2.0)
    findings = Findings(0.0)
    function = ctypes.cast(bench.libraries["x86-64-v3"]["cosh_loop"], ctypes.c_void_p)
    bench.reference.sweep(
        ctypes.byref(findings),
        b"sinh",
        function,
        ctypes.c_uint64(0x3F800000),
        ctypes.c_uint64(0x40000000),
        ctypes.c_uint64(257),
        ctypes.c_double(wrong.low),
        ctypes.c_double(wrong.high),
    )
    assert findings.max_ulp > sinh.bound


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--all", action="store_true", help="every f32 instead of every 257th")
    parser.add_argument("names", nargs="*", help="only these functions")
    options = parser.parse_args(argv)
    if not TOOLS:
        print(MISSING, file=sys.stderr)
        return 3
    cases = [case for case in CASES if not options.names or case.name in options.names]
    failed = 0
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor() as pool:
        bench = Bench(Path(folder), cases)
        march = next(iter(bench.libraries))
        print("| function | max ULP | bound | AVX-512 | AVX-512 loop | AVX2 loop |")
        print("|---|---|---|---|---|---|")
        measured = pool.map(
            lambda case: bench.measure(case, "loop", march, 1 if options.all else 257), cases
        )
        for case, findings in zip(cases, measured, strict=True):
            counts = [
                bench.hot_loop(case, form, target).per_vector
                for form, target in (
                    ("v16", "x86-64-v4"),
                    ("loop", "x86-64-v4"),
                    ("loop", "x86-64-v3"),
                )
            ]
            print(
                f"| {case.name} | {findings.max_ulp:.2f} | {case.bound} | "
                + " | ".join(f"{count:.1f}" for count in counts)
                + " |"
            )
            if findings.wrong or findings.max_ulp > case.bound:
                print(f"FAILED {case.name}: {findings}", file=sys.stderr)
                failed += 1
            sys.stdout.flush()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
