"""README.md has the table of the latest results."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

import importlib.util
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).resolve().parent.parent.parent


def load() -> ModuleType:
    path = ROOT / "benchmarks" / "table.py"
    spec = importlib.util.spec_from_file_location("results_table", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_readme_has_the_latest_results() -> None:
    assert load().main(["--check"]) == 0


def test_a_changed_figure_is_noticed(tmp_path: Path) -> None:
    module = load()
    copy = tmp_path / "README.md"
    copy.write_text(module.README.read_text().replace(" ms |", " s |", 1))
    module.README = copy
    assert module.main(["--check"]) == 1


def test_the_last_line_of_a_workload_counts() -> None:
    lines = [{"workload": name, "threads": 1, "n": n} for n, name in enumerate("aba")]
    assert [line["n"] for line in load().latest(lines)] == [2, 1]
