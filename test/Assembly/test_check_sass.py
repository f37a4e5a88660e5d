"""The checker of machine code, on code in which it must find what is wrong."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

from pathlib import Path

import check_sass
import pytest

CODE = """\
\t.section\t.text.attention,"ax",@progbits
attention:
.text.attention:
        /*0000*/                   S2R R29, SR_TID.X ;
.L_x_1:
        /*0010*/                   IADD3 R1, R1, 0x1, RZ ;
.L_x_2:
        /*0020*/                   HMMA.16816.F32.BF16 R8, R4, R6, R8 ;
        /*0030*/              @!P0 HMMA.16816.F32.BF16 R12, R4, R7, R12 ;
        /*0040*/               @P0 BRA `(.L_x_2) ;
        /*0050*/               @P1 BRA `(.L_x_1) ;
        /*0060*/                   EXIT ;
.L_x_3:
        /*0070*/                   BRA `(.L_x_3);
\t.section\t.text.other,"ax",@progbits
.text.other:
        /*0000*/                   EXIT ;
"""


def test_finds_the_innermost_loop() -> None:
    (loop,) = check_sass.innermost(check_sass.kernels(CODE)["attention"])
    assert (loop.first, len(loop.names), loop.count("HMMA")) == (2, 3, 2)
    assert check_sass.problems(CODE, "attention", 2) == []
    assert check_sass.problems(CODE, "other") == []


@pytest.mark.parametrize(
    ("new", "complaint"),
    [
        ("@P2 LDL.64 R2, [R1]", "1 LDL"),
        ("STL [R1+0x4], R2", "1 STL"),
        ("CALL.REL.NOINC `(sqrt)", "1 CALL"),
        ("FFMA R8, R4, R6, R8", "no loop of 2 tensor instructions"),
    ],
)
def test_finds_what_is_wrong(new: str, complaint: str) -> None:
    changed = CODE.replace("HMMA.16816.F32.BF16 R8, R4, R6, R8", new)
    assert any(complaint in line for line in check_sass.problems(changed, "attention", 2))


def test_spills_outside_the_innermost_loop_are_allowed() -> None:
    outside = CODE.replace("IADD3 R1, R1, 0x1, RZ", "STL [R1], R2")
    assert check_sass.problems(outside, "attention") == []


def test_code_that_was_moved_behind_the_end_is_no_loop() -> None:
    moved = CODE.replace(
        "        /*0000*/                   S2R R29, SR_TID.X ;\n.L_x_1:",
        "        /*0000*/               @P3 BRA `(.L_x_4) ;\n.L_x_1:", 1
    ).replace("EXIT ;\n.L_x_3:", "EXIT ;\n.L_x_4:\n"
              "        /*0068*/                   CALL.REL.NOINC `(division) ;\n"
              "        /*006c*/                   BRA `(.L_x_1) ;\n.L_x_3:", 1)  # fmt: skip
    assert check_sass.problems(moved, "attention", 2) == []


def test_ways_for_warps_that_are_apart_are_left_out() -> None:
    for name, wrong in (("BRA.DIV ~URZ,", []), ("@P3 BRA", ["1 CALL"])):
        apart = CODE.replace("IADD3 R1, R1, 0x1, RZ", f"{name} `(.L_x_4)").replace(
            "EXIT ;\n.L_x_3:", "EXIT ;\n.L_x_4:\n"
            "        /*0068*/                   CALL.REL.NOINC `($shuffle) ;\n"
            "        /*006c*/                   BRA `(.L_x_2) ;\n.L_x_3:", 1)  # fmt: skip
        apart = apart.replace("@P0 BRA `(.L_x_2)", "@P0 BRA `(.L_x_1)")
        found = check_sass.problems(apart, "attention", 2)
        assert [line.split(": ")[-1] for line in found] == wrong


def test_a_call_of_a_label_is_a_jump() -> None:
    left = CODE.replace("HMMA.16816.F32.BF16 R8, R4, R6, R8",
                        "HMMA.16816.F32.BF16 R8, R4, R6, R8 ;\n"
                        "        /*0028*/               @P3 CALL.REL.NOINC `(.L_x_3)")  # fmt: skip
    assert check_sass.problems(left, "attention", 2) == []


def test_a_small_loop_inside_the_main_one_is_looked_at_beside_it() -> None:
    inner = CODE.replace(
        "IADD3 R1, R1, 0x1, RZ ;", "STL [R1], R2 ;\n.L_x_5:\n"
        "        /*0012*/                   IADD3 R1, R1, 0x1, RZ ;\n"
        "        /*0014*/               @P4 BRA `(.L_x_5) ;", 1).replace(
        "@P0 BRA `(.L_x_2)", "@P0 BRA `(.L_x_1)")  # fmt: skip
    lines = check_sass.kernels(inner)["attention"]
    (small,), (main,) = check_sass.innermost(lines), check_sass.innermost(lines, check_sass.TENSOR)
    assert (len(small.names), len(main.names)) == (2, 7)
    (wrong,) = check_sass.problems(inner, "attention", 2)
    assert "2 tensor" in wrong and "1 STL" in wrong


def test_kernels_and_loops_that_are_not_there() -> None:
    assert check_sass.problems(CODE, "nothing") == ["nothing: no such kernel"]
    assert check_sass.problems(CODE, "other", 2) == [
        "other: no loop of 2 tensor instructions: no loop"
    ]


def test_exit_codes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "kernels.sass"
    file.write_text(CODE)
    assert check_sass.main([str(file), "attention", "--tensor", "2"]) == 0
    assert capsys.readouterr().out == ("instruction 2: 2 tensor in 3 instructions: 2 HMMA, 1 BRA\n")
    assert check_sass.main([str(file), "attention", "--tensor", "4"]) == 1
