"""docs/Spec.md says what the .td files say."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent


def load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_spec", ROOT / "scripts" / "make_spec.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_spec_is_up_to_date() -> None:
    assert load().main(["--check"]) == 0


def test_a_changed_spec_is_noticed(tmp_path: Path) -> None:
    module = load()
    copy = tmp_path / "Spec.md"
    copy.write_text(module.SPEC.read_text().replace("attention_c3", "attention_c4"))
    module.SPEC = copy
    assert module.main(["--check"]) == 1


def test_an_operation_without_description_is_refused() -> None:
    with pytest.raises(SystemExit):
        load().sections('def Fovea_XOp : Fovea_Op<"x"> {\n  let summary = "x";\n}\n', "fovea")
