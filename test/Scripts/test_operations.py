"""./dev bench attention and gemm: what runs, in which processes, and what fails a check."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import attention
import cases
import fovea
import gemm
import numpy as np
import operations
import operations_table
import processes
import pytest
import systems
import targets
from problem import Expected, largest_error

TINY = "attn_causal_S48_H2_d16_f32_t1"


def test_ids_are_fixed_and_name_their_cases() -> None:
    ids = {case.id for name in cases.SUITES for case in cases.suite(name)}
    assert {"attn_full_S2048_H16_d64_f32_t2", "gemm_M4096_N4096_K4096_f32_t1",
            "attn_decode_B8_H32_KV8_T8192_d128_bf16_t1", "attn_alibi_S2048_H16_d64_f32_t2",
            "gemm_M1024_N1024_K1024_f32_avx2_t2"} <= ids  # fmt: skip
    for name in cases.SUITES:
        for case in cases.suite(name):
            assert cases.parse(case.id) == case
    assert cases.parse(TINY).problem == attention.Attention("causal", 48, 2, 16)
    assert cases.parse("attn_full_S1_t1") is cases.parse("x_t1") is cases.parse("") is None


def test_every_case_of_a_suite_has_one_target() -> None:
    table = targets.load()
    for name in cases.SUITES:
        for case in cases.suite(name):
            covering = [target.what for target in table if target.covers(case.id)]
            assert len(covering) == 1, (case.id, covering)
    for target in table:
        assert target.peer is None or target.peer in systems.SYSTEMS


def test_cases_are_chosen_by_parts_and_ids() -> None:
    assert {case.problem.label for case in cases.chosen("attention", ["s512"])} == {
        "attn_full_S512_H12_d64_f32", "attn_causal_S512_H12_d64_f32"}  # fmt: skip
    assert [case.id for case in cases.chosen("attention", [TINY])] == [TINY]
    assert cases.chosen("gemm", ["no such"]) == []


@pytest.mark.parametrize("label", ["attn_full_S70_H2_d16_f32", "attn_causal_S70_H2_d16_f32",
    "attn_window_S300_H2_d16_f32", "attn_alibi_S300_H2_d16_f32",
    "attn_decode_B2_H4_KV2_T70_d16_f32", "gemm_M9_N40_K70_f32"])  # fmt: skip
def test_fovea_computes_what_a_label_says(label: str) -> None:
    problem = cases.parse(f"{label}_t1").problem
    feed = problem.inputs()
    expected = problem.expected(feed)
    if isinstance(problem, gemm.Gemm):
        got = fovea.compile(gemm.onnx_model(problem, feed["w"]))(x=feed["x"])["y"]
    else:
        got = fovea.compile(attention.module(problem))(**feed)["y"]
    assert largest_error(got, expected) <= expected.tolerance < 2e-3
    # What the tolerance is for: a hundredth of the result is not let through.
    worse = got + np.float32(0.01) * np.abs(got).max()
    assert not largest_error(worse, expected) <= expected.tolerance


def test_expected_attention_is_that_of_a_plain_formula() -> None:
    problem = attention.Attention("window", 300, 2, 16)
    feed = problem.inputs()
    q, k, v = (feed[name].astype(np.float64) for name in "qkv")
    i, j = np.arange(300)[:, None], np.arange(300)[None, :]
    kept = (j <= i) & (i - j <= 256)
    weights = np.exp(q @ k.swapaxes(-1, -2) / 4) * kept
    want = weights / weights.sum(-1, keepdims=True) @ v
    assert np.abs(problem.expected(feed).result - want).max() < 1e-12
    assert problem.flops() == 4 * 2 * 16 * kept.sum()


def test_a_wrong_result_is_told_from_a_sound_one() -> None:
    expected = Expected(np.ones((2, 3)), 1e-3)
    assert largest_error(np.ones((2, 3), np.float32), expected) == 0
    assert np.isnan(largest_error(np.full((2, 3), np.nan), expected))
    assert largest_error(np.ones((3, 2)), expected) == np.inf


def contender(name: str, **settings: Any) -> processes.Contender:
    return processes.Contender(Path(sys.executable), name, TINY, settings, [0])


def state_of(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


def test_a_contender_is_pinned_and_stands_still_outside_its_slice(tmp_path: Path) -> None:
    one = contender("fovea", threads=1, target="host", spin_us=0)
    try:
        pid = one.process.pid
        for _ in range(2):
            assert state_of(pid) == "T"
            assert os.sched_getaffinity(pid) == {0}
            assert all(seconds > 0 for seconds in one.slice(0.5))
        problem = cases.parse(TINY).problem
        expected = problem.expected(problem.inputs())
        assert largest_error(one.output(tmp_path), expected) <= expected.tolerance
    finally:
        one.close()
    assert not Path(f"/proc/{pid}").exists()
    assert os.sched_getaffinity(0) != {0} or os.cpu_count() == 1


def test_a_contender_that_breaks_says_why() -> None:
    with pytest.raises(processes.Broken, match="NotFoundError|No module|unsupported|'threads'"):
        contender("ggml")
    silent = processes.Stopped([sys.executable, "-c", "import time; time.sleep(60)"], [0])
    start = time.monotonic()
    with pytest.raises(processes.Broken, match="no answer"):
        silent.ask("slice 1", limit=0.2)
    assert time.monotonic() - start < 30
    silent.close()
    ended = processes.Stopped([sys.executable, "-c", "raise SystemExit(5)"], [0])
    with pytest.raises(processes.Broken, match="exit code 5"):
        ended.read(30)
    ended.close()


@pytest.fixture
def beside_onnxruntime(monkeypatch: pytest.MonkeyPatch) -> None:
    """Peers that the core environment has; this Python, whichever it is, has it all."""
    peers = [systems.SYSTEMS["onnxruntime"]]
    monkeypatch.setattr(operations, "peers_of", lambda case: peers if case.threads == 1 else [])
    monkeypatch.setattr(operations, "python_of", lambda system: Path(sys.executable))


FEW = ["--rounds=7", "--seconds=0", "--slice-ms=0.5", f"--results={os.devnull}"]


def test_a_case_from_end_to_end(
    beside_onnxruntime: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "rows.json"
    options = ["attention", TINY, f"--json={path}", *FEW]
    code = operations.main(options)
    (row,) = json.loads(path.read_text())
    for key in ("case", "dtype", "threads", "min_ms", "median_ms", "gflops", "peak_fraction",
                "bandwidth_fraction", "best_peer", "ratio", "peers", "max_error"):  # fmt: skip
        assert key in row
    assert (row["case"], row["dtype"], row["threads"]) == (TINY, "f32", 1)
    assert 0 <= row["max_error"] <= row["tolerance"]
    assert set(row["peers"]) == {"onnxruntime"}
    assert row["peers"]["onnxruntime"]["settings"] == {"threads": 1, "spin": False}
    assert row["peers"]["onnxruntime"]["max_error"] <= row["tolerance"]
    assert code == (0 if row["rounds"] >= 7 else 1), capsys.readouterr().err
    if row["rounds"] >= 7:  # a machine that is never quiet gives no figures
        assert row["best_peer"] == "onnxruntime"
        assert row["ratio"] == row["peers"]["onnxruntime"]["ratio"] > 0
        assert row["min_ms"] <= row["median_ms"]
        assert row["peak_fraction"] == pytest.approx(row["gflops"] / row["peak_gflops"], rel=0.5)


def test_a_wrong_result_fails_without_a_check(
    beside_onnxruntime: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of all contenders alike: the row has no figures, no peer and no ratio."""
    sound = operations.expected_of

    def shifted(problem: attention.Attention) -> Expected:
        expected = sound(problem)
        return Expected(expected.result + 1, expected.tolerance)

    monkeypatch.setattr(operations, "expected_of", shifted)
    assert operations.main(["attention", TINY, *FEW]) == 1
    said = capsys.readouterr().err
    assert f"{TINY}: off by 1" in said
    assert f"{TINY}: peer onnxruntime: off by 1" in said


def broken(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes a system one that does not start."""
    sound = operations.started

    def started(system: systems.System, *rest: Any) -> processes.Contender:
        if system.name == name:
            raise processes.Broken("it crashed")
        return sound(system, *rest)

    monkeypatch.setattr(operations, "started", started)


@pytest.mark.parametrize("more", [[], ["--check"]], ids=str)
def test_no_result_fails(
    more: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    broken("fovea", monkeypatch)
    assert operations.main(["attention", TINY, "--alone", *more, *FEW]) == 1
    assert f"FAIL {TINY}: no result (it crashed)" in capsys.readouterr().err


def test_a_missing_peer_fails_and_its_row_is_written(
    beside_onnxruntime: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    broken("onnxruntime", monkeypatch)
    path = tmp_path / "rows.json"
    assert operations.main(["attention", TINY, f"--json={path}", *FEW]) == 1
    assert f"FAIL {TINY}: peer onnxruntime: it crashed" in capsys.readouterr().err
    (row,) = json.loads(path.read_text())
    assert row["peers"]["onnxruntime"]["error"] == "it crashed"
    assert operations.main(["attention", TINY, "--alone", *FEW]) == 0


def test_the_page_has_the_results_and_the_targets() -> None:
    assert operations_table.main(["--check"]) == 0
