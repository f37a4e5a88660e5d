"""Passes of plug-ins, of Fovea and of MLIR behind the phases of a compilation."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import fovea as compiler
import numpy as np
import pytest
from build_tree import Run, plugin, sound
from conformance_cases import CASES

PHASES = ["import", "graph", "schedule", "kernel", "llvm"]


@pytest.fixture(scope="session")
def bias() -> str:
    """The option that loads examples/plugin."""
    return f"--pass-plugin={plugin('DistanceBias')}"


def expected(slope: float) -> np.ndarray:
    """The conformance suite's attention with lower scores for distant keys, by numpy."""
    inputs = {name: x.astype(np.float64) for name, x in CASES["attention"]().inputs.items()}
    keys, values = (np.repeat(inputs[name], 2, axis=1) for name in "kv")
    i, j = np.arange(9)[:, None], np.arange(7)[None, :]
    scores = 0.25 * np.einsum("bhid,bhjd->bhij", inputs["q"], keys) - slope * np.abs(i - j)
    weights = np.where(j <= i - 2, np.exp(scores), 0)
    sums = weights.sum(-1, keepdims=True)
    return np.divide(weights, sums, out=np.zeros_like(weights), where=sums > 0) @ values


@pytest.mark.parametrize("phase", ["import", "graph"])
@pytest.mark.parametrize("slope", [0.0, 0.5])
def test_the_example_changes_the_scores_and_nothing_else(phase: str, slope: float) -> None:
    case = CASES["attention"]()
    model = compiler.compile(
        case.text,
        pass_plugin=plugin("DistanceBias"),
        after=[f"{phase}:distance-bias{{slope={slope}}}", "graph:canonicalize"],
    )
    np.testing.assert_allclose(model(**case.inputs)["y"], expected(slope), atol=case.errors)
    assert [record["after"] for record in model.ledger["passes"]] == [phase, "graph"]
    (kernel,) = model.ledger["kernels"]
    assert kernel["op"] == "fovea.attention"


@pytest.mark.parametrize("phase", ["import", "graph"])
@pytest.mark.parametrize(("slope", "verdict"), [(0, "PASS"), (0.5, "FAIL")])
def test_verify_compares_with_the_module_before_the_passes(
    fovea: Run, bias: str, phase: str, slope: float, verdict: str
) -> None:
    result = fovea(
        "verify", "attention.mlir", bias, f"--after={phase}:distance-bias{{slope={slope}}}"
    )
    assert result.returncode == (verdict == "FAIL"), result.stderr
    assert verdict in result.stdout


@pytest.mark.parametrize("phase", PHASES)
def test_passes_of_mlir_run_behind_every_phase(fovea: Run, phase: str) -> None:
    result = fovea("verify", "linear.mlir", f"--after={phase}:builtin.module(canonicalize,cse)")
    assert result.returncode == 0, result.stderr
    assert f"after-{phase}" in result.stderr


def test_passes_of_fovea_run_on_functions(fovea: Run) -> None:
    """Attention is there before the rest of its phase, and the phase finds nothing left to do."""
    text = "func.func(fovea-raise-attention)"
    sound(fovea("compile", "raised.mlir", f"--after=import:{text}", "--dump=d"))
    given = sound(fovea("compile", "raised.mlir", "--stop-after=import", "-o", "-")).stdout
    dumped = sound(fovea("compile", "d/import.mlir", "--stop-after=import", "-o", "-")).stdout
    assert "fovea.attention" not in given
    assert "fovea.attention" in dumped
    assert "softmax" not in dumped


def test_dump_and_stop_show_the_module_behind_the_passes(
    fovea: Run, tmp_path: Path, bias: str
) -> None:
    after = "--after=graph:distance-bias{slope=0.125}"
    sound(fovea("compile", "attention.mlir", bias, after, "--dump=d", "-o", "straight.fvm"))
    sound(fovea("compile", "attention.mlir", bias, after, "--stop-after=graph", "-o", "g.mlir"))
    for name in ("d/graph.mlir", "g.mlir"):
        assert "1.250000e-01" in (tmp_path / name).read_text()
    assert "1.250000e-01" not in (tmp_path / "d" / "import.mlir").read_text()
    sound(fovea("compile", "g.mlir", "-o", "resumed.fvm"))
    assert (tmp_path / "resumed.fvm").read_bytes() == (tmp_path / "straight.fvm").read_bytes()


def test_a_module_that_was_stopped_there_takes_the_passes_of_its_phase(
    fovea: Run, tmp_path: Path, bias: str
) -> None:
    after = "--after=graph:distance-bias"
    sound(fovea("compile", "attention.mlir", "--stop-after=graph", "-o", "g.mlir"))
    sound(fovea("compile", "g.mlir", bias, after, "-o", "resumed.fvm"))
    sound(fovea("compile", "attention.mlir", bias, after, "-o", "straight.fvm"))
    assert (tmp_path / "resumed.fvm").read_bytes() == (tmp_path / "straight.fvm").read_bytes()


def test_explain_says_what_ran_and_whose_it_is(fovea: Run, tmp_path: Path, bias: str) -> None:
    options = [bias, "--after=import:cse", "--after=graph:distance-bias{slope=0.5},cse"]
    shown = sound(fovea("explain", "attention.mlir", *options)).stdout
    file = bias.split("=")[1]
    assert shown.startswith("after import: cse\n    cse, on operations: 1\n")
    assert "\nafter graph: distance-bias{slope=0.5},cse\n" in shown
    assert f"    distance-bias of {file}, on operations: 1\n" in shown
    assert "    remark: scores fall by 5.000000e-01" in shown
    records = json.loads(sound(fovea("explain", "attention.mlir", *options, "--json")).stdout)
    assert records["passes"][1]["ran"] == [
        {"pass": "distance-bias", "plugin": file, "runs": 1},
        {"pass": "cse", "runs": 1},
    ]
    sound(fovea("compile", "attention.mlir", *options, "-o", "m.fvm"))
    assert sound(fovea("explain", "m.fvm")).stdout == shown
    assert "passes" not in json.loads(sound(fovea("explain", "linear.mlir", "--json")).stdout)


def test_pipelines_of_a_phase_run_in_their_order(fovea: Run, bias: str) -> None:
    options = ["--after=graph:distance-bias{slope=1}", "--after=graph:distance-bias{slope=2}"]
    shown = sound(fovea("explain", "attention.mlir", bias, *options)).stdout
    assert shown.index("slope=1") < shown.index("slope=2")


def test_the_phase_stays_whatever_a_pass_makes_of_it(fovea: Run, tmp_path: Path) -> None:
    options = [f"--pass-plugin={plugin('FaultyPasses')}", "--after=graph:faulty-forget-phase"]
    sound(fovea("compile", "linear.mlir", *options, "--stop-after=graph", "-o", "g.mlir"))
    assert 'fovea.phase = "graph"' in (tmp_path / "g.mlir").read_text()


def test_threads_share_a_plugin() -> None:
    """It is registered once, while others read the registry; results are those of one thread."""
    case = CASES["attention"]()

    def one(index: int) -> np.ndarray:
        after = f"graph:distance-bias{{slope={index % 2}}}"
        model = compiler.compile(case.text, pass_plugin=str(plugin("DistanceBias")), after=after)
        return model(**case.inputs)["y"]

    with ThreadPoolExecutor(4) as pool:
        for index, result in enumerate(pool.map(one, range(8))):
            np.testing.assert_allclose(result, expected(index % 2), atol=case.errors)
