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
    assert check_loops.problems(PRODUCT, [2], {}) == []


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("", "", "expected 3"),
        ("vfmadd231ps", "vmulps", "no loop of multiply-adds"),
        ("\tincq\t%rcx", "\tvmovups\t64(%rsp), %zmm3\n\tincq\t%rcx", "1 of them use the stack"),
        ("\tdecq\t%rdx", "\tcallq\texpf@PLT\n\tdecq\t%rdx", "calls expf"),
        ("\tdecq\t%rdx", "\tcallq\t*16(%rbx)\n\tdecq\t%rdx", "calls *16(%rbx)"),
        ("\tincq\t%rcx", "\tcallq\t*%rax\n\tincq\t%rcx", "calls *%rax"),
    ],
)
def test_finds_what_is_wrong(old: str, new: str, complaint: str) -> None:
    expected = [3] if not old else [2]
    text = PRODUCT.replace(old, new) if old else PRODUCT
    found = check_loops.problems(text, expected, {})
    assert any(complaint in line for line in found), found


def test_others_use_the_stack_as_often_as_is_known() -> None:
    """Loops of few multiply-adds may be polynomials or what is left over of products."""
    spilled = PRODUCT.replace("\t(%rsi)", "\t64(%rsp)")
    assert check_loops.problems(spilled, [2], {})
    assert check_loops.problems(spilled, [], {2: 1}) == []
    for accesses in (0, 1):
        twice = spilled if accesses == 0 else spilled.replace("64(%rsi)", "128(%rsp)")
        (found,) = check_loops.problems(twice, [], {2: accesses})
        assert f"{accesses + 1} of them use the stack, not {accesses}" in found


def test_exit_codes(tmp_path: Path) -> None:
    file = tmp_path / "kernel.s"
    file.write_text(PRODUCT)
    assert check_loops.main([str(file), "--fma", "2"]) == 0
    assert check_loops.main([str(file), "--fma", "2", "4"]) == 1
    file.write_text(PRODUCT.replace("\t(%rsi)", "\t64(%rsp)"))
    assert check_loops.main([str(file), "--math", "2/1"]) == 0
    assert check_loops.main([str(file), "--math", "2"]) == 1


def test_knows_the_loops_of_aarch64() -> None:
    (loop,) = check_loops.innermost(check_loops.loops(LANES))
    assert (loop.function, loop.label, loop.multiply_adds) == ("kernel", ".LBB0_2", 2)
    assert check_loops.problems(LANES, [2], {}) == []


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("fmla", "fmul", "no loop of multiply-adds"),
        ("\tcmp\tx2", "\tldr\tq3, [sp, #16]\n\tcmp\tx2", "1 of them use the stack"),
        ("\tsubs\tx3", "\tbl\texpf\n\tsubs\tx3", "calls expf"),
        ("\tsubs\tx3", "\tblr\tx8\n\tsubs\tx3", "calls x8"),
    ],
)
def test_finds_what_is_wrong_on_aarch64(old: str, new: str, complaint: str) -> None:
    found = check_loops.problems(LANES.replace(old, new), [2], {})
    assert any(complaint in line for line in found), found
