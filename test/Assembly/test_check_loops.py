"""The checker of loops, on assembly in which it must find what is wrong."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

from pathlib import Path

import check_loops
import pytest

PRODUCT = """
kernel:
\tvxorps\t%xmm0, %xmm0, %xmm0
.LBB0_1:
\tmovq\t%rdx, 8(%rsp)
.LBB0_2:                                # Inner Loop Header: Depth=2
\tvbroadcastss\t(%rdi,%rcx,4), %zmm1
\tvfmadd231ps\t(%rsi), %zmm1, %zmm0
\tvfmadd231ps\t64(%rsi), %zmm1, %zmm2
\tincq\t%rcx
\tcmpq\t%rcx, %rax
\tjne\t.LBB0_2
\tdecq\t%rdx
\tjne\t.LBB0_1
\tretq
"""

LANES = """
kernel:                                 // @kernel
\tmovi\tv0.2d, #0000000000000000
.LBB0_1:
\tstr\tx3, [sp, #8]                    // 8-byte Folded Spill
.LBB0_2:                                // Inner Loop Header: Depth=2
\tldr\ts1, [x0, x2]
\tfmla\tv0.4s, v3.4s, v1.s[0]
\tfmla\tv2.4s, v4.4s, v1.s[0]
\tadd\tx2, x2, #4
\tcmp\tx2, #256
\tb.lo\t.LBB0_2
\tsubs\tx3, x3, #1
\ttbz\tw3, #0, .LBB0_1
\tret
"""


def test_counts_the_innermost_loop() -> None:
    (loop,) = check_loops.innermost(check_loops.loops(PRODUCT))
    assert (loop.function, loop.label, loop.multiply_adds) == ("kernel", ".LBB0_2", 2)
    assert check_loops.problems(PRODUCT, [2]) == []


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("", "", "expected 3"),
        ("vfmadd231ps", "vmulps", "no loop of multiply-adds"),
        ("\tincq\t%rcx", "\tvmovups\t64(%rsp), %zmm3\n\tincq\t%rcx", "1 of them use the stack"),
        ("\tdecq\t%rdx", "\tcallq\texpf@PLT\n\tdecq\t%rdx", "calls expf"),
    ],
)
def test_finds_what_is_wrong(old: str, new: str, complaint: str) -> None:
    expected = [3] if not old else [2]
    found = check_loops.problems(PRODUCT.replace(old, new) if old else PRODUCT, expected)
    assert any(complaint in line for line in found), found


def test_polynomials_may_keep_constants_on_the_stack() -> None:
    spilled = PRODUCT.replace("(%rsi), %zmm1", "64(%rsp), %zmm1")
    assert check_loops.problems(spilled, [2])
    assert check_loops.problems(spilled, [], [2]) == []


def test_exit_codes(tmp_path: Path) -> None:
    file = tmp_path / "kernel.s"
    file.write_text(PRODUCT)
    assert check_loops.main([str(file), "--fma", "2"]) == 0
    assert check_loops.main([str(file), "--fma", "2", "4"]) == 1


def test_knows_the_loops_of_aarch64() -> None:
    (loop,) = check_loops.innermost(check_loops.loops(LANES))
    assert (loop.function, loop.label, loop.multiply_adds) == ("kernel", ".LBB0_2", 2)
    assert check_loops.problems(LANES, [2]) == []


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("fmla", "fmul", "no loop of multiply-adds"),
        ("\tcmp\tx2", "\tldr\tq3, [sp, #16]\n\tcmp\tx2", "1 of them use the stack"),
        ("\tsubs\tx3", "\tbl\texpf\n\tsubs\tx3", "calls expf"),
    ],
)
def test_finds_what_is_wrong_on_aarch64(old: str, new: str, complaint: str) -> None:
    found = check_loops.problems(LANES.replace(old, new), [2])
    assert any(complaint in line for line in found), found
