"""Cells written by hand: the code of fovea.lstm, one team, the same bits on any threads."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import ctypes
import re
from collections import Counter
from pathlib import Path

import fovea
import numpy as np
import pytest
from build_tree import fovea as run_fovea
from build_tree import sound
from fovea.libraries import runtime
from fovea.module import _Context
from fovea.runtime_abi import ContextOptions, check
from product_cases import usable
from written_cells import by_hand, operation, saved

Array = np.ndarray
TARGETS = {"x86-64-v3": "avx2", "x86-64-v4": "avx512"}
SHARE = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int64)
PARALLEL_FOR = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int64, SHARE, ctypes.c_void_p)


def assembly(folder: Path, text: str, h: int, target: str) -> str:
    path, _ = saved(folder, text, h)
    sound(run_fovea(folder, "compile", path, f"--target={target}", "--emit=asm", "-o", "m.s"))
    return (folder / "m.s").read_text()


def body_of(name: str, text: str) -> list[str]:
    """Instructions of a function's body."""
    found = re.search(rf"^{name}\.body:\n(.*?)^\s+\.size", text, re.M | re.S)
    assert found, name
    return re.findall(r"^\s+([a-z]\w*)", found[1], re.M)


def computing(text: str) -> Counter[str]:
    """Instructions of the gates, but for moves, of zeros too, and the order of operands: how often
    constants are loaded again differs with the order in which a cell is written."""
    names = body_of(
        r"kernel_\d+_gates", re.sub(r"^\s+vxorps\s+(%\w+), \1, \1\n", "", text, flags=re.M)
    )
    return Counter(re.sub(r"(?<=vcmp)[lg]t|\d{3}(?=[ps]s$)", "", name)
                   for name in names if not re.match(r"v?mov|vbroadcast", name))  # fmt: skip


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("form", ["four", "one"])
def test_the_code_of_gates_is_that_of_the_operation(form: str, target: str, tmp_path: Path) -> None:
    for b in (1, 5):
        want = computing(assembly(tmp_path, operation(4, b, 64), 64, target))
        assert computing(assembly(tmp_path, by_hand(form, 4, b, 64), 64, target)) == want
        assert want["vfmaddps"] >= 4


@pytest.mark.parametrize("form", ["four", "one", "norm"])
def test_products_of_inputs_leave_the_cell(form: str, tmp_path: Path) -> None:
    codes = [assembly(tmp_path, by_hand(form, 4, 2, 64, inside), 64, "x86-64-v3")
             for inside in (False, True)]  # fmt: skip
    kernels = [sorted(re.findall(r"^(kernel_\d+_\w+)\.body:", code, re.M)) for code in codes]
    assert kernels[0] == kernels[1]
    for name in [*kernels[0], "team_0"]:
        assert Counter(body_of(name, codes[0])) == Counter(body_of(name, codes[1])), name


@pytest.mark.parametrize("form", ["four", "one", "norm"])
def test_steps_do_not_lengthen_the_code(form: str, tmp_path: Path) -> None:
    codes = [assembly(tmp_path, by_hand(form, t, 2, 32), 32, "x86-64-v3") for t in (10, 10000)]
    # The product of all inputs, in front of the loop, has strips for its number of rows.
    step = r"kernel_[1-9]_contract" if form == "norm" else r"kernel_\d+_gates"
    lines = [[body_of(name, code) for name in (step, "team_0")] for code in codes]
    assert lines[0] == lines[1]


@pytest.mark.parametrize("form", ["four", "one", "norm"])
def test_a_sequence_is_one_team(form: str, tmp_path: Path) -> None:
    path, _ = saved(tmp_path, by_hand(form, 6, 2, 64), 64)
    kernels = fovea.compile(path, target="x86-64-v3").ledger["kernels"]
    (team,) = (kernel for kernel in kernels if kernel["op"] == "scf.for")
    assert team["form"] == "team"
    assert any(kernel["form"] == "gate_product" for kernel in kernels) == (form != "norm")
    # Threads meet behind the product, and behind norm and cell together.
    assert team["launches"] == (2 if form == "norm" else 1)
    packed = [k["weight_bytes"] for k in kernels if k["form"] == "panel_product"]
    assert packed == [4 * 4 * 64 * 64] * (2 if form == "norm" else 1)


def expected(form: str, x: Array, values: Array) -> Array:
    """y [t, b, h] in float64."""
    h = x.shape[2]
    w, r = (part.reshape(4 * h, h) for part in np.split(values[: 8 * h * h].astype(np.float64), 2))
    r = r.reshape(h, 4 * h) if form == "one" else r.T
    state, cell, rows = np.zeros(x.shape[1:]), np.zeros(x.shape[1:]), []
    for xt in x.astype(np.float64):
        sums = state @ r
        if form == "norm":
            sums = sums - sums.mean(1, keepdims=True)
            sums *= values[8 * h * h :] / np.sqrt((sums**2).mean(1, keepdims=True) + 1e-5)
        i, o, f, c = np.split(xt @ w.T + sums, 4, axis=1)
        cell = cell / (1 + np.exp(-f)) + np.tanh(c) / (1 + np.exp(-i))
        state = np.tanh(cell) / (1 + np.exp(-o))
        rows.append(state)
    return np.stack(rows)


def on_one_thread(module: fovea.Module, x: Array) -> tuple[Array, list[int]]:
    """A run whose shares, for four threads, follow each other, the last first."""
    counts: list[int] = []

    @PARALLEL_FOR
    def run_shares(user: int, count: int, share: object, arg: int) -> None:
        counts.append(count)
        for number in reversed(range(count)):
            share(arg, number)  # type: ignore[operator]

    loaded, options, made = module._loaded, ContextOptions(), ctypes.c_void_p()
    runtime().fovea_context_options_init(ctypes.byref(options))
    options.threads = 4
    options.parallel_for = ctypes.cast(run_shares, ctypes.c_void_p)
    create = runtime().fovea_context_create
    check(runtime(), create(loaded.handle, ctypes.byref(options), ctypes.byref(made)))
    loaded._local.context = _Context(made.value)
    y = np.array(module(x=x)["y"])
    del loaded._local.context
    return y, counts


@pytest.mark.parametrize("form", ["four", "one", "norm"])
@pytest.mark.parametrize("b, h", [(1, 200), (3, 37), (8, 100), (33, 20)])
def test_threads_do_not_change_a_bit(form: str, b: int, h: int, tmp_path: Path) -> None:
    path, values = saved(tmp_path, by_hand(form, 9, b, h), h)
    x = np.random.default_rng(4).standard_normal((9, b, h)).astype(np.float32)
    for target, flags in TARGETS.items():
        usable(flags)
        one, two = (fovea.compile(path, target=target, threads=n)(x=x)["y"] for n in (1, 2))
        np.testing.assert_allclose(one, expected(form, x, values), rtol=0, atol=2e-5)
        assert np.array_equal(one, two)
        hooked, counts = on_one_thread(fovea.compile(path, target=target), x)
        assert np.array_equal(one, hooked)
        assert 4 * b * h * h < 48 * 1024 or 4 in counts
