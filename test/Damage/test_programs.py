"""Random legal programs agree with the reference; a wrong one does not."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import re
from pathlib import Path

import programs
from build_tree import ALL, NOT_YET, PROGRAM, fovea, sound

COUNT = 1000 if ALL else 60


def test_random_programs_agree_with_the_reference(tmp_path: Path) -> None:
    verdicts = programs.run(PROGRAM, tmp_path, range(COUNT))
    assert not verdicts.failures, "\n".join(verdicts.failures)
    assert verdicts.refused == 0


def test_what_devices_do_not_take_yet_is_a_failure_elsewhere() -> None:
    verdict = f"exit 3: error[{NOT_YET}]: it depends on elements of a tensor"
    assert programs.is_refused(verdict, ["--target=cuda", "--emulate"])
    assert not programs.is_refused(verdict, ["--target=host"])
    assert not programs.is_refused("exit 3: error[FV0405]", ["--target=cuda"])


def test_programs_depend_on_their_seed_alone() -> None:
    assert programs.make(3, 5) == programs.make(3, 5)
    assert programs.make(3, 5).text != programs.make(4, 5).text


def test_a_wrong_program_fails(tmp_path: Path) -> None:
    """The outputs of one program are not those of a program that differs in one constant."""
    made = next(
        made for made in map(lambda n: programs.make(0, n), range(99)) if "scale = 1.0" in made.text
    )
    wrong = re.sub(r"scale = 1\.0\d*e[+]00", "scale = 1.25", made.text)
    assert wrong != made.text
    (tmp_path / "wrong.mlir").write_text(wrong)
    sound(fovea(tmp_path, "run", "wrong.mlir", "-q", "--out=wrong.npz", *made.options))
    verdict = programs.verify(PROGRAM, made, tmp_path, ["--ref=@wrong.npz"])
    assert verdict.startswith("exit 1"), verdict
