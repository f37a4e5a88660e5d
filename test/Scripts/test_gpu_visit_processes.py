"""The processes of a visit that hang, die or lose the device, and figures of made times."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import argparse
import time
from pathlib import Path

import pytest
from gpu.visit import program, times
from gpu.visit.results import Results, interrupted, read
from gpu.visit.timing import Contender

# Stands for a section: "dies" and "hangs" do, "lost" loses the device, "gone" for all processes.
SECTION = """
import os, signal, sys, time
from pathlib import Path
sys.path.insert(0, {benchmarks!r})
from gpu.visit.results import Results
arguments = dict(zip(sys.argv[1::2], sys.argv[2::2]))
results = Results(Path(arguments["--out"]), arguments["--section"])
cases = {cases!r}
after = arguments.get("--after")
for case in cases[cases.index(after) + 1 if after else 0:]:
    results.begin(case)
    if case == "dies":
        os.kill(os.getpid(), signal.SIGSEGV)
    if case == "hangs":
        time.sleep(60)
    results.add(case=case, ok=case != "lost", device_lost="why" if case == "lost" else "")
    if case == "lost":
        sys.exit({lost})
    if case == "gone":
        sys.exit({unusable})
"""


def run(folder: Path, cases: list[str], seconds: float = 30) -> tuple[bool, list[str]]:
    """Whether the device is of use, and the lines as words."""
    benchmarks = str(Path(__file__).resolve().parents[2] / "benchmarks")
    text = SECTION.format(benchmarks=benchmarks, cases=cases, lost=program.LOST,
                          unusable=program.UNUSABLE)  # fmt: skip
    (folder / "__main__.py").write_text(text)
    out = folder / "lines.jsonl"
    out.touch()
    options = argparse.Namespace(folder=folder, out=out, silence=2.0, patience=1.0)
    usable = program._section(options, "doctor", time.monotonic() + seconds)
    said = [f"{line.get('case', '')} {line.get('error') or line.get('skipped') or 'ended'}".strip()
            for line in read(out) if line.get("state") != "begun"]  # fmt: skip
    return usable, said


def test_a_process_that_dies_costs_one_case(tmp_path: Path) -> None:
    assert run(tmp_path, ["a", "dies", "b"]) == (
        True, ["a ended", "dies the process died of SIGSEGV", "b ended"])  # fmt: skip


def test_a_process_that_hangs_costs_one_case(tmp_path: Path) -> None:
    start = time.monotonic()
    assert run(tmp_path, ["a", "hangs", "b"]) == (
        True, ["a ended", "hangs the process was killed: it was silent for 2 s", "b ended"],
    )  # fmt: skip
    assert time.monotonic() - start < 30


def test_behind_a_lost_device_another_process_goes_on(tmp_path: Path) -> None:
    assert run(tmp_path, ["lost", "b"]) == (True, ["lost ended", "b ended"])


def test_a_device_of_no_use_ends_the_section(tmp_path: Path) -> None:
    assert run(tmp_path, ["lost", "dies", "gone", "b"]) == (
        False, ["lost ended", "dies the process died of SIGSEGV", "gone ended"])  # fmt: skip


def test_no_time_starts_no_process(tmp_path: Path) -> None:
    assert run(tmp_path, ["a"], seconds=0) == (True, ["no time was left"])


def test_the_case_that_did_not_end_is_known_from_the_lines(tmp_path: Path) -> None:
    out = tmp_path / "lines.jsonl"
    first, second = Results(out, "one"), Results(out, "two")
    first.begin("a")
    second.begin("b")
    first.add(case="a", ok=True)
    with out.open("a") as file:
        file.write('{"section": "one", "cas')
    lines = read(out)
    assert len(lines) == 3
    assert interrupted(lines, "one") is None
    assert interrupted(lines, "two") == "b"
    assert interrupted(lines, "three") is None


def contender(name: str, us: list[float], graph_us: list[float] | None = None) -> Contender:
    return Contender(name, lambda: None, "1", us, graph_us or [])


CASE = {"flops": 4_000_000, "bytes": 2_000_000, "dtype": "bf16", "steps": 4}
LIMITS = [
    {"section": "limits", "case": "mma_bf16", "tflops": 2.0},
    {"section": "limits", "case": "copy", "tbps": 0.5},
    {"section": "gemm", "dtype": "bf16", "flops": 8_000_000,
     "systems": {"torch": {"median_us": 3.0, "graph_median_us": 2.0},
                 "torch_tf32": {"median_us": 0.1}}},
]  # fmt: skip


def test_figures_take_the_faster_way_to_run() -> None:
    systems = [contender("fovea", [9.0, 8.0, 7.0], [4.0]), contender("slow", [40.0]),
               contender("fast", [6.0]), contender("cut_tf32", [1.0])]  # fmt: skip
    made = times.figures(CASE, systems, LIMITS)
    assert made["tflops"] == pytest.approx(1.0) and made["tbps"] == pytest.approx(0.5)
    assert made["peak_fraction"] == pytest.approx(0.5)
    assert made["product_fraction"] == pytest.approx(0.25)
    assert made["bandwidth_fraction"] == pytest.approx(1.0)
    assert (made["best_peer"], made["ratio"], made["us_per_step"]) == ("fast", 1.5, 1.0)


def test_without_a_time_there_are_no_figures() -> None:
    made = times.figures(CASE, [contender("fovea", []), contender("peer", [1.0])], LIMITS)
    assert made == {"flops": 4_000_000, "bytes": 2_000_000, "dtype": "bf16"}
