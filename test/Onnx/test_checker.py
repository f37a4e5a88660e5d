"""The checker of the onnx suite must fail on wrong results and on lists that do not fit."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import ctypes
import faulthandler
import os
import time
from pathlib import Path

import expectations
import numpy as np
import onnx
import pytest
from isolation import run_isolated
from node_cases import Case, with_symbolic_sizes
from onnx import TensorProto, helper
from outcome import Outcome, difference, find_outcome


def model(op: str = "Add") -> onnx.ModelProto:
    info = [helper.make_tensor_value_info(n, TensorProto.FLOAT, [2, 3]) for n in ("a", "b", "c")]
    node = helper.make_node(op, ["a", "b"], ["c"])
    graph = helper.make_graph([node], "graph", info[:2], info[2:])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def case(expected: np.ndarray, op: str = "Add") -> Case:
    a = np.arange(6, dtype=np.float32).reshape(2, 3)
    return Case("made", model(op), [([a, a], [expected])], rtol=1e-3, atol=1e-7)


SUM = 2 * np.arange(6, dtype=np.float32).reshape(2, 3)


@pytest.mark.parametrize("symbolic", [False, True])
def test_right_result_passes(symbolic: bool, tmp_path: Path) -> None:
    assert find_outcome(case(SUM), symbolic, tmp_path) == Outcome("pass")


@pytest.mark.parametrize(
    "expected",
    [SUM + 0.01, SUM * np.nan, SUM[:1], SUM.T, SUM.astype(np.float64), SUM.astype(np.int32)],
    ids=["value", "nan", "size", "transposed", "wider", "integers"],
)
def test_wrong_result_is_wrong(expected: np.ndarray, tmp_path: Path) -> None:
    assert find_outcome(case(expected), False, tmp_path).words == "wrong"


def test_refusal_names_its_problem(tmp_path: Path) -> None:
    assert find_outcome(case(SUM, op="Unheard"), False, tmp_path).words == "refused FV0101"


def test_tolerances_are_the_cases_own() -> None:
    strict = Case("made", model(), [], rtol=1e-6, atol=0)
    assert difference(strict, [SUM * np.float32(1 + 1e-4)], [SUM])
    assert not difference(case(SUM), [SUM * np.float32(1 + 1e-4)], [SUM])


def test_missing_output_is_a_difference() -> None:
    assert difference(case(SUM), [], [SUM])


def test_symbolic_form_has_no_sizes() -> None:
    graph = with_symbolic_sizes(model()).graph
    names = [d.dim_param for info in graph.input for d in info.type.tensor_type.shape.dim]
    assert len(set(names)) == 4 and all(names)
    assert not any(d.HasField("dim_value") for d in graph.output[0].type.tensor_type.shape.dim)


@pytest.mark.parametrize(
    ("expected", "found"),
    [("pass", "wrong"), ("pass", "refused FV0103"), ("refused FV0103", "refused FV0101"),
     ("refused FV0103", "pass"), (None, "pass"), ("pass", None), ("pass", "crash")],
)  # fmt: skip
def test_outcome_that_is_not_listed_fails(expected: str | None, found: str | None) -> None:
    assert expectations.disagreement(expected, found)
    assert not expectations.disagreement(expected, expected)


MALFORMED = ["a", "a | ", "a | x\na | x", "a | x | x", "  symbolic | x", "a | x\n  b | y"]


@pytest.mark.parametrize("text", MALFORMED)
def test_malformed_list_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match="line"):
        expectations.parse(text)


def test_list_survives_a_round_trip() -> None:
    outcomes = {("a", "static"): "pass", ("a", "symbolic"): "refused FV0103"}
    assert expectations.parse(expectations.render(outcomes)) == outcomes


def work(item: str, folder: Path) -> Outcome:
    """Dies, hangs, raises or answers, as the item says."""
    if item == "crash":
        # What it prints of an intended crash would read like a failure.
        faulthandler.disable()
        ctypes.string_at(0)
    if item == "exit":
        os._exit(3)
    if item == "hang":
        time.sleep(60)
    if item == "raise":
        raise RuntimeError("no")
    (folder / "file").write_text(item)
    return Outcome("pass")


def test_crash_and_hang_cost_one_item_each() -> None:
    items = ["a", "crash", "b", "hang", "c", "exit", "d", "raise", "e"]
    found = {item: outcome.words for item, outcome, _ in run_isolated(work, items, 2, limit=2.0)}
    want = dict.fromkeys("abcde", "pass") | {"raise": "failed", "hang": "timeout"}
    assert found == want | {"crash": "crash", "exit": "crash"}
