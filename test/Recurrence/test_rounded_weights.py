"""recurrent_weights="i8": layers against float64 on the integers that the option makes.

The oracle rounds every state that the module gave, so that one step's rounding error cannot turn
into another integer: what is left are the errors of f32.
"""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import json
from pathlib import Path

import fovea
import numpy as np
import pytest
from build_tree import PROGRAM, require, sound
from build_tree import fovea as run_fovea
from rounded_text import Array, Layer, levels, write

require(PROGRAM, "./dev build")
# Sums of K products in f32, their scaling, and functions of a few roundings.
TOLERANCE = 3e-6


def sigmoid(x: Array) -> Array:
    return 1 / (1 + np.exp(-x))


def usable() -> None:
    if "avx512_vnni" not in Path("/proc/cpuinfo").read_text().split():
        pytest.skip("the processor has no avx512vnni")


def rounded_state(h: Array) -> Array:
    """Rows as integers of f32's arithmetic times what one stands for."""
    largest = np.maximum(np.abs(h).max(-1, keepdims=True), np.float32(2.0**-100))
    inverse = (np.float32(127) / largest).astype(np.float64)
    step = (largest / np.float32(127)).astype(np.float64)
    return np.rint(h.astype(np.float64) * inverse) * step


def expected(layer: Layer, given: dict[str, Array], y: Array) -> list[Array]:
    """y and the last states in float64, with products of what the module gave before, `y`."""
    integers, scales = levels(layer.stored_r())
    r = integers * scales.astype(np.float64)
    h, c = given["h0"][0], given["c0"][0].astype(np.float64) if layer.kind == "lstm" else None
    ys = []
    for t in range(layer.steps):
        own = (rounded_state(h) @ r.T).reshape(layer.batch, -1, layer.hidden)
        x = (given["x"][t].astype(np.float64) @ layer.w.T).reshape(own.shape)
        if layer.kind == "lstm":
            i, o, f = (sigmoid(x[:, g] + own[:, g]) for g in range(3))
            c = f * c + i * np.tanh(x[:, 3] + own[:, 3])
            new = o * np.tanh(c)
        elif layer.kind == "rnn":
            new = np.tanh(x[:, 0] + own[:, 0])
        else:
            z, reset = (sigmoid(x[:, g] + own[:, g]) for g in range(2))
            new = (1 - z) * np.tanh(x[:, 2] + reset * own[:, 2]) + z * h
        ys.append(new)
        h = y[t, 0]
    return [np.stack(ys)[:, None], ys[-1][None], *([c[None]] if c is not None else [])]


@pytest.mark.parametrize("kind", ["lstm", "gru", "rnn"])
@pytest.mark.parametrize("stored", ["f32", "bf16", "f16"])
def test_results_are_those_of_the_integers(kind: str, stored: str, tmp_path: Path) -> None:
    usable()
    sizes = ((1, 37, 9), (1, 512, 3), (3, 100, 4), (2, 1, 3), (30, 33, 3), (70, 64, 2))
    for seed, (batch, hidden, steps) in enumerate(sizes):
        for symbolic in (False, True):
            layer = Layer(kind, batch, hidden, steps, stored, seed)
            module = fovea.compile(write(layer, tmp_path, symbolic), recurrent_weights="i8")
            given = layer.inputs()
            got = module(**given)
            want = expected(layer, given, got["y"])
            for (name, array), exact in zip(got.items(), want, strict=True):
                error = np.abs(array.astype(np.float64) - exact).max()
                assert error <= TOLERANCE, (layer, symbolic, name, error)
            forms = {record["form"] for record in module.ledger["kernels"]}
            assert {"i8_weight", "rounded_gates"} <= forms


def test_threads_do_not_change_results(tmp_path: Path) -> None:
    usable()
    layer = Layer("lstm", 3, 200, 6)
    module = write(layer, tmp_path)
    one, two = (fovea.compile(module, threads=n, recurrent_weights="i8") for n in (1, 2))
    for a, b in zip(one(**layer.inputs()).values(), two(**layer.inputs()).values(), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_state_that_is_not_finite_stays_in_its_row(value: float, tmp_path: Path) -> None:
    usable()
    layer = Layer("gru", 3, 37, 2)
    module = fovea.compile(write(layer, tmp_path), recurrent_weights="i8")
    given = layer.inputs()
    clean = module(**given)
    given["h0"][0, 1, 5] = value
    got = module(**given)
    assert np.isnan(got["y"][:, 0, 1]).all()
    for row in (0, 2):
        np.testing.assert_array_equal(got["y"][:, 0, row], clean["y"][:, 0, row])


def test_states_of_any_size(tmp_path: Path) -> None:
    """Zeros, numbers whose inverse overflows, and large ones."""
    usable()
    layer = Layer("gru", 4, 40, 1)
    module = fovea.compile(write(layer, tmp_path), recurrent_weights="i8")
    given = layer.inputs()
    given["h0"][0] *= np.float32([[0], [1e-40], [1e-30], [1e20]])
    got = module(**given)
    want = expected(layer, given, got["y"])
    size = np.maximum(np.abs(want[0]), 1)
    assert (np.abs(got["y"] - want[0]) <= TOLERANCE * size).all()


def test_the_ledger_says_how_far_weights_were_rounded(tmp_path: Path) -> None:
    usable()
    layer = Layer("lstm", 1, 37, 2)
    module = fovea.compile(write(layer, tmp_path), recurrent_weights="i8")
    (record,) = module.ledger["rounded"]
    r = layer.stored_r().astype(np.float64)
    integers, scales = levels(layer.stored_r())
    error = np.abs(r - integers * scales.astype(np.float64))
    assert record["channels"] == 4 * 37
    largest = (error / np.maximum(np.abs(r).max(-1, keepdims=True), 1e-9)).max()
    assert record["largest_error"] == pytest.approx(largest, rel=1e-6)
    assert record["largest_error"] <= (1 + 1e-5) / 254
    rms = np.sqrt((error**2).sum() / (r**2).sum())
    assert record["rms_error"] == pytest.approx(rms, rel=1e-6)


@pytest.mark.parametrize("kind", ["lstm", "rnn"])
@pytest.mark.parametrize("target", ["x86-64-v3", "cuda-emulated"])
def test_without_dots_weights_stay_and_the_ledger_says_so(
    target: str, kind: str, tmp_path: Path
) -> None:
    layer = Layer(kind, 1, 37, 3)
    path = write(layer, tmp_path)
    made = fovea.compile(path, target=target, recurrent_weights="i8")
    (record,) = (r for r in made.ledger["kernels"] if r["form"] == "stored_weight")
    (refused,) = record["refused"]
    assert (refused["form"], refused["reason"]) == ("i8_weight", "target")
    assert "rounded" not in made.ledger
    plain = fovea.compile(path, target=target)
    for a, b in zip(made(**layer.inputs()).values(), plain(**layer.inputs()).values(), strict=True):
        np.testing.assert_array_equal(a, b)
    options = ["--recurrent-weights=i8", f"--target={target}", "-o", "m.fvm"]
    result = run_fovea(tmp_path, "compile", path, *options)
    assert "stays as stored: the target has no dot products of i8" in result.stderr
    refused = run_fovea(tmp_path, "compile", path, *options, "--require-fused")
    assert refused.returncode == 3
    assert "error[FV0401]" in refused.stderr


@pytest.mark.parametrize("kind", ["lstm", "gru", "gru_before", "rnn"])
def test_verify_allows_for_the_rounding(kind: str, tmp_path: Path) -> None:
    usable()
    path = write(Layer(kind, 2, 64, 20), tmp_path)
    options = ["--recurrent-weights=i8", "--require-fused"]
    result = run_fovea(tmp_path, "verify", path, *options, "--json")
    assert result.returncode == 0, result.stderr
    plain = run_fovea(tmp_path, "verify", path, "--json")
    for rounded, stored in zip(json.loads(result.stdout)["outputs"],
                               json.loads(plain.stdout)["outputs"], strict=True):  # fmt: skip
        assert 1e-5 < rounded["max_abs"] <= rounded["tolerance"] < 0.05
        assert stored["max_abs"] < 1e-5 < rounded["tolerance"]


def test_weights_that_are_not_finite_are_refused(tmp_path: Path) -> None:
    usable()
    layer = Layer("lstm", 1, 16, 2)
    layer.r[3, 4] = np.nan
    with pytest.raises(fovea.FoveaError, match="FV0338.*NaN or infinities"):
        fovea.compile(write(layer, tmp_path), recurrent_weights="i8")


def test_other_values_of_the_option_are_refused(tmp_path: Path) -> None:
    path = write(Layer("lstm", 1, 16, 2), tmp_path)
    with pytest.raises(fovea.FoveaError, match="(?s)'recurrent-weights' is 'i4'.*stored or i8"):
        fovea.compile(path, recurrent_weights="i4")
    bad = run_fovea(tmp_path, "compile", path, "--recurrent-weights=i4")
    assert bad.returncode == 3 and "error[FV0310]" in bad.stderr and "stored or i8" in bad.stderr
    made = run_fovea(tmp_path, "run", "m.fvm", "--recurrent-weights=i8")
    assert made.returncode == 2 and "an artefact is compiled already" in made.stderr
    sound(run_fovea(tmp_path, "compile", path, "--stop-after=graph", "-o", "graph.mlir"))
    for arguments, reason in (
        ((path, "--target=reference"), "evaluates models as they were read"),
        (("graph.mlir",), "the input is behind phase 'graph'"),
    ):
        late = run_fovea(tmp_path, "run", *arguments, "--recurrent-weights=i8")
        assert late.returncode == 3 and reason in late.stderr, late.stderr
