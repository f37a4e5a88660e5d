"""docs/Support.md says what the compiler says."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

import importlib.util
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).resolve().parent.parent.parent


def load() -> ModuleType:
    path = ROOT / "scripts" / "make_support.py"
    spec = importlib.util.spec_from_file_location("make_support", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_support_is_up_to_date() -> None:
    assert load().main(["--check"]) == 0


def test_a_changed_page_is_noticed(tmp_path: Path) -> None:
    module = load()
    copy = tmp_path / "Support.md"
    copy.write_text(module.SUPPORT.read_text().replace("| LSTM | 7 |", "| LSTM | 14 |"))
    module.SUPPORT = copy
    assert module.main(["--check"]) == 1


def test_every_operator_has_a_row() -> None:
    module = load()
    answer = module.query()
    lines = module.page(answer).splitlines()
    for row in answer["operators"]:
        assert any(line.startswith(f"| {row['name']} | {row['first_opset']} |") for line in lines)
