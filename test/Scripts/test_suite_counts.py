"""The counts of the suites: read, kept, summed; nothing that failed gets lost."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import suite_counts as results
from build_tree import ROOT

PYTEST = """<testsuites><testsuite><testcase classname="a" name="ok"/>
<testcase classname="a" name="bad"><failure message="no"/></testcase>
<testcase classname="a" name="broken"><error message="no"/></testcase>
<testcase classname="a" name="off"><skipped message="needs a GPU"/></testcase>
</testsuite></testsuites>"""
LIT = """<testsuites><testsuite name="Fovea" tests="3" failures="1" skipped="1">
<testcase classname="Fovea.Dialects" name="a.mlir" time="0.1"/>
<testcase classname="Fovea.Dialects" name="b.mlir"><failure><![CDATA[x]]></failure></testcase>
<testcase classname="Fovea.Dialects" name="c.mlir">
<skipped message="Missing required feature(s): avx512"/></testcase>
</testsuite></testsuites>"""
CTEST = """<testsuite><testcase name="A.x" classname="A.x" status="run"/>
<testcase name="A.y" status="fail"><failure message=""/></testcase>
<testcase name="A.z" status="notrun"><skipped message="SKIP_REGULAR_EXPRESSION_MATCHED"/>
<system-out>[ RUN      ] A.z
ZTest.cpp:12: Skipped
needs two cores

[  SKIPPED ] A.z (0 ms)</system-out></testcase>
<testcase name="A.off" status="disabled"><skipped message="Disabled"/></testcase></testsuite>"""


@pytest.mark.parametrize(
    ("report", "passed", "failed", "reasons"),
    [
        (PYTEST, 1, 2, ["needs a GPU"]),
        (LIT, 1, 1, ["Missing required feature(s): avx512"]),
        (CTEST, 1, 1, ["needs two cores", "Disabled"]),
    ],
)
def test_junit_of_each_runner(
    tmp_path: Path, report: str, passed: int, failed: int, reasons: list[str]
) -> None:
    (tmp_path / "x.xml").write_text(report)
    counts = results.from_junit("x", [tmp_path / "x.xml"], 1, 0.0)
    assert counts.passed == passed
    assert len(counts.failures) == failed
    assert [reason for _, reason in counts.skips] == reasons


@pytest.mark.parametrize(
    ("report", "status"),
    [
        (None, 0),
        (None, 124),
        ("<testsuite><testcase", 1),
        ("<testsuite/>", 0),
        ('<testsuite><testcase name="a"/></testsuite>', 139),
    ],
)
def test_a_suite_that_dies_or_runs_nothing_has_failed(
    tmp_path: Path, report: str | None, status: int
) -> None:
    if report is not None:
        (tmp_path / "x.xml").write_text(report)
    assert len(results.from_junit("x", [tmp_path / "x.xml"], status, 0.0).failures) == 1


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "scripts" / "suite_counts.py"), *arguments]
    return subprocess.run(command, capture_output=True, text=True)


def test_sum_ends_with_one_line_of_all_suites(tmp_path: Path) -> None:
    results.Counts("lit", passed=10, skips=[("a", "no GPU"), ("b", "no GPU")]).write(tmp_path)
    results.Counts("unit", passed=5).write(tmp_path)
    done = run("sum", str(tmp_path))
    assert done.returncode == 0
    assert "skipped 2: no GPU (e.g. a)" in done.stdout
    assert done.stdout.splitlines()[-1] == "15 passed, 0 failed, 2 skipped"


def test_sum_fails_when_one_suite_failed_or_nothing_ran(tmp_path: Path) -> None:
    assert run("sum", str(tmp_path)).returncode == 1
    results.Counts("lit", passed=10, failures=["x"]).write(tmp_path)
    done = run("sum", str(tmp_path))
    assert done.returncode == 1
    assert done.stdout.splitlines()[-1] == "10 passed, 1 failed, 0 skipped"


def test_sum_counts_a_file_that_cannot_be_read_as_a_failure(tmp_path: Path) -> None:
    (tmp_path / "lit.json").write_text("{")
    assert run("sum", str(tmp_path)).stdout.splitlines()[-1] == "0 passed, 1 failed, 0 skipped"


def test_step_without_counts_is_one_failure_a_suite(tmp_path: Path) -> None:
    run("step", str(tmp_path), "test", "0", "lit", "unit")
    assert run("sum", str(tmp_path)).stdout.splitlines()[-1] == "0 passed, 2 failed, 0 skipped"


def test_step_that_fails_after_green_suites_is_a_failure(tmp_path: Path) -> None:
    results.Counts("lit", passed=10).write(tmp_path)
    run("step", str(tmp_path), "test", "1", "lit")
    assert run("sum", str(tmp_path)).stdout.splitlines()[-1] == "10 passed, 1 failed, 0 skipped"


def test_step_that_failed_with_its_suites_is_not_counted_twice(tmp_path: Path) -> None:
    results.Counts("lit", passed=10, failures=["x"]).write(tmp_path)
    run("step", str(tmp_path), "test", "1", "lit")
    assert run("sum", str(tmp_path)).stdout.splitlines()[-1] == "10 passed, 1 failed, 0 skipped"
