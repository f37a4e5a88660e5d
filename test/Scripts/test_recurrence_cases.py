"""./dev bench rnn: what its cases compute, how far off is sound, and which peers count."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cases
import fovea
import numpy as np
import onnxruntime
import operations
import operations_table
import pytest
import recurrence
import recurrence_formulas as formulas
import rounds
import systems
import targets
import whole_models
from build_tree import require
from problem import Expected, Feed, largest_error, typed
from processes import Broken
from recurrence import Recurrence
from whole_models import WholeModel

TINY = ["lstm_B2_H12_T9_f32", "gru_B2_H12_T9_f32", "lstm_B1_H33_T5_bf16", "gru_B1_H33_T5_bf16"]
FEW = ["--rounds=7", "--seconds=0", "--slice-ms=0.5", f"--results={os.devnull}"]


def worse(expected: Expected) -> np.ndarray:
    """A result that is off by a hundredth."""
    return expected.result + 0.01 * np.abs(expected.result).max()


def sound(got: Feed, expected: Expected) -> bool:
    y, *states = got.values()
    return largest_error(recurrence.joined(y, states), expected) <= expected.tolerance


def test_ids_name_operations_and_models() -> None:
    ids = {case.id for case in cases.suite("rnn")}
    assert {"lstm_B1_H512_T128_f32_t2", "gru_B32_H512_T128_f32_t2", "lstm_B64_H1024_T128_f32_t1",
            "lstm_B1_H512_T128_bf16_t2", "gru_B1_H512_T128_i8_t2", "silero_frame_f32_t2",
            "g2p_word_f32_t1"} <= ids  # fmt: skip
    assert cases.parse("gru_B3_H5_T7_bf16_t1").problem == Recurrence("gru", 3, 5, 7, "bf16")
    assert cases.parse("silero_16k_frame_f32_t1").problem == WholeModel("silero_16k_frame")
    assert cases.parse("rnn_B3_H5_T7_f32_t1") is cases.parse("g2p_word_bf16_t1") is None


@pytest.mark.parametrize("label", TINY)
def test_fovea_and_onnxruntime_compute_what_a_label_says(label: str, tmp_path: Path) -> None:
    problem = recurrence.parse(label)
    feed = problem.inputs()
    expected = problem.expected(feed)
    assert largest_error(worse(expected), expected) > expected.tolerance
    module = fovea.compile(recurrence.write_module(problem, feed, tmp_path))
    assert sound(module(x=feed["x"]), expected)
    session = onnxruntime.InferenceSession(recurrence.onnx_model(problem, feed))
    outputs = session.run(None, {"x": feed["x"]})
    assert sound(dict(zip(problem.outputs, outputs, strict=True)), expected)


def test_expected_is_that_of_formulas_for_one_unit_and_step() -> None:
    """Numbers by hand: x = 1, all weights of x 0.5, the state's 0.25, biases 0.1 and 0.2."""
    one = np.ones((4, 1))
    weights = formulas.Weights(0.5 * one, 0.25 * one, 0.1 * one[:, 0], 0.2 * one[:, 0])
    exact = formulas.Rounding(0.0, 0.0)
    got = formulas.run("lstm", np.ones((1, 1, 1)), weights, exact)
    gate = 1 / (1 + np.exp(-0.8))
    cell = gate * np.tanh(0.8)
    assert got.states[1].item() == pytest.approx(cell)
    assert got.y.item() == got.states[0].item() == pytest.approx(gate * np.tanh(cell))
    assert got.deviation == 0
    three = formulas.Weights(*(array[:3] for array in vars(weights).values()))
    got = formulas.run("gru", np.ones((2, 1, 1)), three, exact)
    first = (1 - gate) * np.tanh(0.6 + gate * 0.2)
    gate = 1 / (1 + np.exp(-0.8 - 0.25 * first))
    new = np.tanh(0.6 + gate * (0.25 * first + 0.2))
    assert got.y.ravel() == pytest.approx([first, (1 - gate) * new + gate * first])


@pytest.mark.parametrize("kind", ["lstm", "gru"])
def test_what_is_rounded_to_bf16_is_narrow_and_not_sound(kind: str) -> None:
    problem = Recurrence(kind, 2, 32, 40, "bf16")
    feed = problem.inputs()
    expected = problem.expected(feed)
    w, r, b = (feed[name][0].astype(np.float64) for name in "wrb")
    step = formulas.KINDS[kind][0](formulas.Weights(w, r, *np.split(b, 2)),
                                   formulas.Rounding(0.0, 0.0))  # fmt: skip
    states = [np.zeros((2, 32)) for _ in range(problem.states)]
    y = []
    for x in typed(feed["x"], "bf16").astype(np.float64):
        states, _ = step(x @ w.T + b[: len(w)], states, [np.zeros_like(s) for s in states],
                         np.zeros((2, len(w))))  # fmt: skip
        states = [typed(state, "bf16").astype(np.float64) for state in states]
        y.append(states[0])
    error = largest_error(recurrence.joined(np.stack(y), states), expected)
    assert expected.tolerance < error <= expected.narrow


def test_weights_are_what_their_dtype_stores() -> None:
    feed = Recurrence("lstm", 1, 32, 2, "i8").inputs()
    scale = np.abs(feed["r"]).max(-1, keepdims=True) / 127
    steps = feed["r"] / scale
    assert np.abs(steps - np.rint(steps)).max() < 1e-4
    assert len(np.unique(np.rint(steps))) > 100
    stored = Recurrence("lstm", 1, 32, 2, "bf16").inputs()
    assert all((typed(stored[n], "bf16").astype(np.float32) == stored[n]).all() for n in "wr")
    plain, rounded = (Recurrence("gru", 1, 32, 9, dtype) for dtype in ("f32", "i8"))
    tolerances = [one.expected(one.inputs()).tolerance for one in (plain, rounded)]
    assert 10 * tolerances[0] < tolerances[1] < 2e-2


def test_flops_are_those_of_the_products() -> None:
    assert Recurrence("lstm", 3, 5, 7).flops() == 2 * 7 * 3 * 20 * (5 + 5)
    assert Recurrence("gru", 1, 5, 7).bytes() == 4 * (2 * 75 + 30 + 2 * 35 + 5)
    assert Recurrence("gru", 1, 5, 7, "i8").bytes() == 4 * (75 + 30 + 2 * 35 + 5) + 75


def test_a_narrow_peer_is_never_the_fastest() -> None:
    calls = {"fovea": [2.0], "quick": [1.0], "slow": [3.0]}
    some = [rounds.Round(100.0, 10.0, calls)] * 7
    measured = rounds.Measured(list(calls), some, narrow={"quick"})
    row = rounds.figures(measured, 1, 1)
    assert (row["best_peer"], row["ratio"], row["peers"]["quick"]["ratio"]) == ("slow", 1.5, 0.5)


def test_bf16_weights_have_one_peer_more_and_all_others_compute_in_f32() -> None:
    names = {dtype: [system.name for system in systems.peers_of(cases.parse(
        f"lstm_B1_H512_T128_{dtype}_t2"))] for dtype in ("f32", "bf16", "i8")}  # fmt: skip
    assert names["f32"] == names["i8"] == ["torch", "onnxruntime", "openvino"]
    assert names["bf16"] == ["torch", "torch_bf16", "onnxruntime", "openvino"]
    word = cases.parse("g2p_word_f32_t2")
    assert [system.name for system in systems.peers_of(word)] == ["onnxruntime"]


def test_what_fovea_cannot_do_is_missed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(system: systems.System, *_: Any) -> None:
        assert system is systems.FOVEA, "there is nothing that a peer would be beside"
        raise Broken("the option 'made-up' is not known")

    monkeypatch.setattr(operations, "started", refuse)
    name = "lstm_B1_H512_T128_i8_t2"
    row = operations.measure(cases.parse(name), argparse.Namespace(alone=False))
    said = list(targets.missed(row, targets.load()))
    assert said == [f"{name}: no result (the option 'made-up' is not known)",
                    f"{name}: no ratio to the fastest peer, 5 is asked for"]  # fmt: skip
    assert "- (target 5.00x)" in operations_table.cells(row)


def beside_onnxruntime(monkeypatch: pytest.MonkeyPatch, options: Sequence[str]) -> int:
    peers = [systems.SYSTEMS["onnxruntime"]]
    monkeypatch.setattr(operations, "peers_of", lambda _: peers)
    monkeypatch.setattr(operations, "python_of", lambda _: Path(sys.executable))
    return operations.main(["rnn", *options, *FEW])


@pytest.mark.parametrize("name", ["gru_B2_H12_T9_f32_t1", "silero_16k_frame_f32_t1",
    "silero_frame_f32_t1", "g2p_word_f32_t1"])  # fmt: skip
def test_a_case_from_end_to_end(
    name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if isinstance(cases.parse(name).problem, WholeModel):
        require(whole_models.MODELS / "g2p_en", "./dev run fetches it")
    path = tmp_path / "rows.json"
    options = [name, f"--json={path}"]
    assert beside_onnxruntime(monkeypatch, options) == 0, capsys.readouterr().err
    (row,) = json.loads(path.read_text())
    assert row["flops"] > 0 < row["bytes"]
    assert 0 <= row["max_error"] <= row["tolerance"]
    assert row["peers"]["onnxruntime"]["max_error"] <= row["tolerance"]
