"""What benchmarks/run.py says of outputs that differ, and of figures that depend on data."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from types import ModuleType

import contenders
import numpy as np
import pytest
from build_tree import ROOT
from workloads import Workload

ONES = np.ones((2, 3), np.float32)


def load_run() -> ModuleType:
    """benchmarks/run.py, by its place: other folders have a run.py too."""
    spec = importlib.util.spec_from_file_location("bench_run", ROOT / "benchmarks" / "run.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("place", ["a", "b", "c"])
def test_a_nan_in_any_output_is_the_difference(place: str) -> None:
    right = {name: ONES for name in "abc"}
    left = right | {place: np.full_like(ONES, np.nan)}
    assert np.isnan(contenders.largest_difference(left, right))
    assert np.isnan(contenders.largest_difference(right, left))


def test_the_largest_difference_of_all_outputs() -> None:
    empty = np.ones((0, 3))
    right = {"a": ONES, "b": ONES, "c": empty}
    assert contenders.largest_difference(right, right) == 0
    assert contenders.largest_difference(right | {"b": ONES - 2}, right) == 2
    assert contenders.largest_difference({"a": ONES}, right) == np.inf
    assert contenders.largest_difference(right | {"c": ONES}, right) == np.inf


@pytest.mark.parametrize(
    ("off", "expected"), [(0.0, 0), (2e-4, 1), (np.nan, 1)], ids=["equal", "off", "nan"]
)
def test_outputs_that_differ_fail(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
    off: float, expected: int,
) -> None:  # fmt: skip
    """A run without a machine's figures: two systems, of which one is off in its second output."""
    run = load_run()
    sides = {"fovea": ONES + np.float32(off), "peer": ONES}
    made = [contenders.Contender(name, "1", lambda y=y: {"x": ONES, "y": y}, 0.0)
            for name, y in sides.items()]  # fmt: skip
    workload = Workload("made", tmp_path, tmp_path, {})
    monkeypatch.setattr(run, "workloads", lambda *_: [workload])
    monkeypatch.setattr(run, "contenders", lambda *_: made)
    monkeypatch.setattr(run, "peaks", lambda _: (1.0, 1.0))
    results = tmp_path / "results.jsonl"
    options = ["--threads", "1", "--rounds=1", "--slice-ms=0.1", f"--results={results}"]
    assert run.main(options) == expected
    assert ("FAIL made" in capsys.readouterr().err) == bool(expected)
    line = json.loads(results.read_text())
    assert (line["weight_bytes"], line["bandwidth_fraction"]) == (None, None)
