"""Figures of made-up rounds, and the targets that they miss."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import operations
import pytest
import rounds
import targets
from problem import Steps
from rounds import Measured, Round

NOT_KEPT = f"--results={os.devnull}"
TARGET = "attn_full_S2048_H16_d64_f32_t2"


def made(
    peaks: list[float], ours: list[float], **peers: list[float]
) -> list[Round]:  # fmt: skip
    """Rounds with slices of one call; bandwidth is 10 GB/s."""
    everything = {"fovea": ours, **peers}
    return [Round(peak, 10.0, {name: [times[at]] for name, times in everything.items()})
            for at, peak in enumerate(peaks)]  # fmt: skip


def test_rounds_below_85_percent_of_the_best_are_dropped() -> None:
    some = made([100, 84.9, 85, 50, 99], [1.0] * 5)
    assert [one.gflops for one in rounds.kept(some)] == [100, 85, 99]
    assert rounds.kept([]) == []


def test_figures_are_medians_over_the_rounds_that_count() -> None:
    # The second and the last round, in which everything is slow, are dropped.
    peaks = [100.0, 40, 100, 90, 100, 100, 100, 100, 40]
    ours = [2.0, 9, 2, 4, 2, 2, 2, 1, 9]
    quick, slow = [3.0, 9, 6, 4, 5, 5, 5, 5, 9], [7.0] * 9
    measured = Measured(["fovea", "slow", "quick"], made(peaks, ours, quick=quick, slow=slow))
    row = rounds.figures(measured, flops=10**11, moved=10**9)
    assert (row["rounds"], row["rounds_dropped"]) == (7, 2)
    assert (row["min_ms"], row["median_ms"], row["gflops"]) == (1e3, 2e3, 50)
    assert row["peak_fraction"] == pytest.approx(0.5)
    assert row["bandwidth_fraction"] == pytest.approx(0.05)
    # quick / ours: 1.5 3 1 2.5 2.5 2.5 5
    assert (row["best_peer"], row["ratio"]) == ("quick", 2.5)
    assert row["peers"]["slow"]["ratio"] == 3.5
    assert row["peers"]["slow"]["median_ms"] == 7e3


def test_the_bound_has_steps_one_after_the_other() -> None:
    # 4e10 operations at 100 GFLOP/s, then 4 steps of 0.5 s: 10 GB at 20 GB/s take longer than 1e10
    # operations; at 10 times the rate of caches the operations do.
    for gbps, rate, seconds in ((20.0, 1.0, 2.4), (200.0, 1.0, 0.8), (200.0, 4.0, 0.6)):
        some = [Round(100.0, 10.0, {"fovea": [4.0]}, gbps)] * 7
        steps = Steps(4, 10**10, 10**10, rate)
        row = rounds.figures(Measured(["fovea"], some), 8 * 10**10, 1, steps)
        assert row["bound_fraction"] == pytest.approx(seconds / 4)
    assert rounds.figures(Measured(["fovea"], some), 1, 1)["bound_fraction"] is None


def test_a_slice_is_the_median_of_its_calls() -> None:
    assert Round(1.0, 1.0, {"fovea": [5.0, 1.0, 2.0]}).seconds("fovea") == 2.0


def test_too_few_rounds_give_no_figures() -> None:
    measured = Measured(["fovea", "peer"], made([100.0] * 6 + [10.0], [1.0] * 7, peer=[2.0] * 7))
    measured.errors = {"fovea": 1e-6}
    row = rounds.figures(measured, 1, 1)
    assert row["rounds"] == 6
    assert row["ratio"] is row["median_ms"] is row["peak_fraction"] is row["best_peer"] is None
    assert row["max_error"] == 1e-6
    assert row["peers"] == {"peer": {"ratio": None}}


def test_a_wrong_peer_is_not_the_fastest() -> None:
    several = made([100.0] * 7, [1.0] * 7, sound=[3.0] * 7, wrong=[2.0] * 7)
    measured = Measured(["fovea", "sound", "wrong"], several, {}, {"wrong": "off by 1"})
    row = rounds.figures(measured, 1, 1)
    assert (row["best_peer"], row["ratio"]) == ("sound", 3.0)
    assert (row["peers"]["wrong"]["ratio"], row["peers"]["wrong"]["error"]) == (None, "off by 1")


def row_of(**changed: Any) -> rounds.Row:
    """Meets every target of its case."""
    peers = {"torch": {"ratio": 1.9}, "iree": {"ratio": 9.0}}
    return {"case": TARGET, "max_error": 1e-6, "tolerance": 1e-4, "rounds": 7, "ratio": 1.9,
            "peak_fraction": 0.8, "bandwidth_fraction": 0.1, "best_peer": "torch", "median_ms": 1.0,
            "peers": peers} | changed  # fmt: skip


MISSED = {
    "below the peak's target": ({"peak_fraction": 0.77}, "fraction of the FMA peak is 0.770, 0.78"),
    "below the ratio's target": ({"ratio": 1.79}, "ratio to the fastest peer is 1.790, 1.8 is"),
    "no ratio": ({"ratio": None}, "no ratio"),
    "no fraction": ({"peak_fraction": None}, "no fraction of the FMA peak, 0.78 is"),
    "wrong": ({"max_error": 2e-4}, "off by 0.0002, allowed is 0.0001"),
    "nan": ({"max_error": float("nan")}, "off by nan"),
    "no result": ({"max_error": None, "error": "why"}, "no result (why)"),
    "a missing peer": ({"peers": {"jax": {"ratio": None, "error": "gone"}}}, "peer jax: gone"),
}


@pytest.mark.parametrize("case", MISSED)
def test_check_fails_and_names_what_is_missed(
    case: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    changed, said = MISSED[case]
    monkeypatch.setattr(operations, "measure", lambda *_: row_of(**changed))
    file = tmp_path / "rows.jsonl"
    assert operations.main(["attention", TARGET, "--check", f"--json={file}", NOT_KEPT]) == 1
    errors = capsys.readouterr().err
    assert f"FAIL {TARGET}: {said}" in errors
    assert json.loads(file.read_text())["case"] == TARGET


def test_check_passes_when_all_is_met(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    optional = {"ggml": {"ratio": None, "error": "gone", "optional": True}}
    monkeypatch.setattr(operations, "measure",
                        lambda *_: row_of(peers=row_of()["peers"] | optional))  # fmt: skip
    assert operations.main(["attention", TARGET, "--check", NOT_KEPT]) == 0
    assert "FAIL" not in capsys.readouterr().err


def test_a_target_may_hold_the_ratio_to_one_peer() -> None:
    table = [targets.Target("", (TARGET,), ratio=5.0, peer="iree")]
    assert list(targets.missed(row_of(), table)) == []
    slower = row_of(peers={"torch": {"ratio": 9.0}, "iree": {"ratio": 4.0}})
    assert [text.partition(": ")[2] for text in targets.missed(slower, table)] == [
        "ratio to iree is 4.000, 5 is asked for"]  # fmt: skip
    assert "no ratio to iree" in " ".join(targets.missed(row_of(peers={}), table))


def test_without_a_check_a_missed_target_is_no_failure(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(operations, "measure", lambda *_: row_of(peak_fraction=0.1))
    assert operations.main(["attention", TARGET, NOT_KEPT]) == 0
    assert "10 % (target 78 %)" in capsys.readouterr().out
