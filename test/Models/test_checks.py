"""Every check fails where it must."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

from pathlib import Path

import cases
import checks
import families
import fovea
import numpy as np
import pytest
import test_models
import torch
from exporters import export
from torch import Tensor, nn


class ShowsProbabilities(nn.Module):
    """Attention that stores its probabilities because they are a result too."""

    def forward(self, states: Tensor) -> tuple[Tensor, Tensor]:
        probabilities = (states @ states.transpose(-1, -2)).softmax(-1)
        return probabilities @ states, probabilities


class Raises(nn.Module):
    def forward(self, states: Tensor) -> Tensor:
        raise ArithmeticError


SHOWN = families.Family(
    "shown", lambda _: ShowsProbabilities(), lambda b, n: {"states": torch.randn(b, 2, n, 8)},
    {"states": {0: "batch", 2: "length"}}, ("result", "probabilities"),
)  # fmt: skip


def _find(name: str) -> cases.Case:
    return next(case for case in cases.all_cases(sample=False) if str(case) == name)


def _export(family: families.Family, model: nn.Module, dynamic: bool, path: Path) -> str:
    torch.manual_seed(0)
    return export("torchscript", family, model, family.inputs(2, 7), dynamic, path)


@pytest.fixture(scope="module")
def bert(tmp_path_factory: pytest.TempPathFactory) -> tuple[cases.Case, Path, fovea.Module]:
    case = _find("bert-sdpa-torchscript-dynamic")
    path = tmp_path_factory.mktemp("bert") / "bert.onnx"
    assert cases.write(case, path) == ""
    return case, path, fovea.compile(path)


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> fovea.Module:
    path = tmp_path_factory.mktemp("shown") / "shown.onnx"
    assert _export(SHOWN, ShowsProbabilities(), True, path) == ""
    return fovea.compile(path)


def test_weights_of_query_and_key_swapped(bert: tuple[cases.Case, Path, fovea.Module]) -> None:
    comparison = cases.Comparison(*bert)
    assert comparison.at((2, 9)) == ""
    for model in (comparison.model, comparison.exact):
        layer = model.model.encoder.layer[0].attention.self
        layer.query.weight, layer.key.weight = layer.key.weight, layer.query.weight
    assert "is off by" in comparison.at((2, 9))


def test_one_weight_slightly_off(bert: tuple[cases.Case, Path, fovea.Module]) -> None:
    comparison = cases.Comparison(*bert)
    for model in (comparison.model, comparison.exact):
        with torch.no_grad():
            model.model.encoder.layer[1].attention.self.value.bias[3] += 1e-4
    assert "is off by" in comparison.at((2, 9))


def test_results_of_another_shape_or_number() -> None:
    exact = [np.zeros((2, 3))]
    assert checks.results_agree({"y": np.zeros((2, 3))}, exact, [0]) == ""
    assert "has shape" in checks.results_agree({"y": np.zeros((3, 2))}, exact, [0])
    assert "0 of 1 outputs" in checks.results_agree({}, exact, [0])


def test_results_that_are_no_numbers() -> None:
    assert "is off by nan" in checks.results_agree({"y": np.full(2, np.nan)}, [np.ones(2)], [1])


def test_attention_that_is_not_raised(shown: fovea.Module) -> None:
    assert checks.operations_found(shown.ledger, "fovea.attention", 1) == "0 of 1 fovea.attention"


def test_attention_that_nobody_expects(bert: tuple[cases.Case, Path, fovea.Module]) -> None:
    assert checks.operations_found(bert[2].ledger, "fovea.attention", 1) == "2 of 1 fovea.attention"


def test_memory_of_rows_by_keys(shown: fovea.Module) -> None:
    # The probabilities are a result; the scores are what is stored beside it.
    assert "memory grows" in checks.memory_is_linear(shown)


def test_size_that_the_export_fixed(tmp_path: Path) -> None:
    assert _export(SHOWN, ShowsProbabilities(), False, tmp_path / "shown.onnx") == ""
    module = fovea.compile(tmp_path / "shown.onnx")
    assert "is 2, not batch" in checks.axes_are_open(module, SHOWN.axes)


def test_recurrence_that_is_not_found(bert: tuple[cases.Case, Path, fovea.Module]) -> None:
    assert checks.operations_found(bert[2].ledger, "fovea.rnn", 2) == "0 of 2 fovea.rnn"


def test_export_that_raises(tmp_path: Path) -> None:
    assert _export(SHOWN, Raises(), False, tmp_path / "raises.onnx") == "ArithmeticError"


def test_blame_for_a_size_is_the_exporters_only_when_the_file_is_invalid(
    bert: tuple[cases.Case, Path, fovea.Module],
) -> None:
    case, path, _ = bert
    feeds = {name: value.numpy() for name, value in cases.example(case, (2, 9)).items()}
    assert cases.is_valid(path, feeds)
    assert not cases.is_valid(path, feeds | {"attention_mask": np.ones((2, 4), np.int64)})


def test_pass_that_is_not_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    case = _find("gru-torchscript-static")
    test_models.test_outcome_is_the_listed_one(case, tmp_path)
    monkeypatch.setitem(test_models.LISTED, str(case), "compile: not yet")
    with pytest.raises(AssertionError):
        test_models.test_outcome_is_the_listed_one(case, tmp_path)
