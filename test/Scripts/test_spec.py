"""docs/Spec.md says what the .td files say."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from pathlib import Path

import make_spec
import pytest


def test_spec_is_up_to_date() -> None:
    assert make_spec.main(["--check"]) == 0


def test_a_changed_spec_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copy = tmp_path / "Spec.md"
    copy.write_text(make_spec.SPEC.read_text().replace("attention_c3", "attention_c4"))
    monkeypatch.setattr(make_spec, "SPEC", copy)
    assert make_spec.main(["--check"]) == 1


def test_an_operation_without_description_is_refused() -> None:
    with pytest.raises(SystemExit):
        make_spec.sections('def Fovea_XOp : Fovea_Op<"x"> {\n  let summary = "x";\n}\n', "fovea")
