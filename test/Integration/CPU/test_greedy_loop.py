"""Greedy decoding as one parallel region: the likeliest word of a step is the next one's input,
until an end mark or a bound. Cells, bounds and threads vary; the reference is float64."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import fovea
import numpy as np
import pytest
from fovea import safetensors
from fovea.text import Graph, Value

WORDS, UNITS, MOST = 40, 128, 9
START, PAD = 1, 0
FILE = "weights.safetensors"
Arrays = dict[str, np.ndarray]
Cell = Callable[[np.ndarray, list[np.ndarray], Arrays], list[np.ndarray]]


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def gru(x: np.ndarray, states: list[np.ndarray], w: Arrays) -> list[np.ndarray]:
    (h,) = states
    bias, recurrent = np.split(w["bias"][0], 2)
    xr, xz, xn = np.split(w["w"][0] @ x + bias, 3)
    hr, hz, hn = np.split(w["r"][0] @ h + recurrent, 3)
    z = sigmoid(xz + hz)
    return [(1 - z) * np.tanh(xn + sigmoid(xr + hr) * hn) + z * h]


def lstm(x: np.ndarray, states: list[np.ndarray], w: Arrays) -> list[np.ndarray]:
    h, c = states
    sums = w["w"][0] @ x + w["r"][0] @ h + np.sum(np.split(w["bias"][0], 2), 0)
    i, f, g, o = np.split(sums, 4)
    c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    return [sigmoid(o) * np.tanh(c), c]


def plain(x: np.ndarray, states: list[np.ndarray], w: Arrays) -> list[np.ndarray]:
    """Written by hand: h' = tanh(W x + R h + b)."""
    return [np.tanh(w["w"][0] @ x + w["r"][0] @ states[0] + np.sum(np.split(w["bias"][0], 2), 0))]


# Cell, gates, states.
CELLS: dict[str, tuple[Cell, int, int]] = {
    "gru": (gru, 3, 1),
    "lstm": (lstm, 4, 2),
    "plain": (plain, 1, 1),
}


def weights(name: str, seed: int) -> Arrays:
    rng = np.random.default_rng(seed)
    rows = CELLS[name][1] * UNITS
    shapes = {"table": (WORDS, UNITS), "w": (1, rows, UNITS), "r": (1, rows, UNITS),
              "bias": (1, 2 * rows), "out": (WORDS, UNITS), "out_bias": (WORDS,)}  # fmt: skip
    made = {key: (0.2 * rng.standard_normal(shape)).astype(np.float32)
            for key, shape in shapes.items()}  # fmt: skip
    # Inputs that tell words apart, so that they are not all the same.
    made["table"] *= 10
    return made


def next_states(graph: Graph, name: str, x: Value, states: Sequence[Value],
                w: dict[str, Value]) -> list[Value]:  # fmt: skip
    if name == "gru":
        return [graph.gru(x, w["w"], w["r"], w["bias"], states[0])[1]]
    if name == "lstm":
        return list(graph.lstm(x, w["w"], w["r"], w["bias"], (states[0], states[1]))[1:])
    flat = [graph.collapse(v, [[0, 1], [2]], (1, UNITS)) for v in (x, states[0])]
    both = graph.collapse(w["bias"], [[0, 1]], (2 * UNITS,))
    parts = [graph.rows(both, graph.index(at), UNITS) for at in (0, UNITS)]
    sums = [graph.linear(v, graph.collapse(w[key], [[0, 1], [2]], (UNITS, UNITS)), part)
            for v, key, part in zip(flat, "wr", parts, strict=True)]  # fmt: skip
    new = graph.elementwise("math.tanh", graph.elementwise("arith.addf", *sums))
    return [graph.expand(new, [[0, 1], [2]], (1, 1, UNITS))]


def write(folder: Path, name: str, arrays: Arrays, most: int | None) -> Path:
    """A module of a state h [1, 1, H] and an end mark: words [MOST + 1], START first, logits and
    the number of steps."""
    safetensors.write(folder / FILE, arrays)
    places = safetensors.offsets(folder / FILE)
    graph = Graph()
    h, end = graph.input("h", "f32", (1, 1, UNITS)), graph.input("end", "i64", (1,))
    w = {key: graph.weight(key, places[key][1], FILE, places[key][2]) for key in arrays}
    graph.at("decoder")
    mark = graph.element(end, graph.index(0))
    pads, first = graph.fill("i64", (1 + MOST,), PAD), graph.constant("i64", [START])
    words = graph.with_rows(pads, first, graph.index(0))
    logits = graph.fill("f32", (MOST, WORDS), 0)
    states = [h, *[graph.fill("f32", (1, 1, UNITS), 0)] * (CELLS[name][2] - 1)]

    def goes_on(at: str, carried: Sequence[Value]) -> str:
        return graph.compare("ne", graph.element(carried[0], at), mark, "i64")

    def step(at: str, carried: Sequence[Value]) -> list[Value]:
        x = graph.gather(w["table"], graph.rows(carried[0], at), (1, 1, UNITS))
        states = next_states(graph, name, x, carried[2:], w)
        flat = graph.collapse(states[0], [[0, 1], [2]], (1, UNITS))
        now = graph.linear(flat, w["out"], w["out_bias"])
        best = graph.argmax(now)
        words = graph.with_rows(carried[0], best, graph.following(at))
        return [words, graph.with_rows(carried[1], now, at), *states]

    count, ends = graph.while_loop([words, logits, *states], goes_on, step, most)
    for key, value in zip(("words", "logits", "h"), ends, strict=False):
        graph.output(f"{key}_end" if key == "h" else key, value)
    graph.output("count", count)
    (folder / "model.mlir").write_text(graph.text())
    return folder / "model.mlir"


def expected(name: str, arrays: Arrays, h: np.ndarray, end: int, most: int) -> Arrays:
    w = {key: array.astype(np.float64) for key, array in arrays.items()}
    states = [h[0, 0].astype(np.float64), *[np.zeros(UNITS)] * (CELLS[name][2] - 1)]
    words, logits = [START], np.zeros((MOST, WORDS))
    while len(words) <= most and words[-1] != end:
        states = CELLS[name][0](w["table"][words[-1]], states, w)
        logits[len(words) - 1] = w["out"] @ states[0] + w["out_bias"]
        words.append(int(logits[len(words) - 1].argmax()))
    padded = np.array([*words, *[PAD] * (MOST + 1 - len(words))])
    return {"words": padded, "logits": logits, "h_end": states[0][None, None],
            "count": np.array([len(words) - 1])}  # fmt: skip


def feeds(name: str, arrays: Arrays) -> list[tuple[np.ndarray, int]]:
    """States, and end marks that come at the first step, on the way, and never."""
    rng = np.random.default_rng(5)
    found = []
    for _ in range(3):
        h = rng.standard_normal((1, 1, UNITS)).astype(np.float32)
        words = expected(name, arrays, h, -1, MOST)["words"]
        assert len(set(words)) > 3, "a decoder that says one word over and over tests nothing"
        found += [(h, end) for end in (START, int(words[1]), int(words[4]), -1)]
    return found


def check(models: Sequence[fovea.Module], name: str, arrays: Arrays) -> None:
    """Results of the models are those of float64, and the same bits."""
    for h, end in feeds(name, arrays):
        want = expected(name, arrays, h, end, MOST)
        bits = set()
        for model in models:
            got = model(h=h, end=np.array([end]))
            for key, array in want.items():
                np.testing.assert_allclose(got[key], array, rtol=0, atol=1e-4, err_msg=key)
            bits.add(b"".join(got[key].tobytes() for key in want))
        assert len(bits) == 1


def check_marks(model: fovea.Module, arrays: Arrays) -> None:
    """The model has no bound, and stops where it is at the end of its results."""
    for h, end in feeds("gru", arrays):
        if end == -1:
            with pytest.raises(fovea.FoveaError, match="index"):
                model(h=h, end=np.array([end]))
            continue
        got, want = model(h=h, end=np.array([end])), expected("gru", arrays, h, end, MOST)
        np.testing.assert_array_equal(got["words"], want["words"])


@pytest.mark.parametrize("name", CELLS)
def test_decoder_is_one_region_and_right_on_any_threads(name: str, tmp_path: Path) -> None:
    arrays = weights(name, seed=2)
    source = write(tmp_path, name, arrays, MOST)
    models = [fovea.compile(source, threads=threads) for threads in (1, 2, 3)]
    loops = [r for r in models[0].ledger["kernels"] if r["op"] in ("scf.for", "scf.while")]
    assert [record["form"] for record in loops] == ["team"]
    check(models, name, arrays)


def test_decoder_without_a_bound_ends_at_the_mark(tmp_path: Path) -> None:
    """What lies behind the end of its results would be written at a step too many: the host checks,
    and such a loop is no team."""
    arrays = weights("gru", seed=2)
    model = fovea.compile(write(tmp_path, "gru", arrays, None), threads=2)
    (loop,) = (r for r in model.ledger["kernels"] if r["op"] == "scf.for")
    assert loop["form"] == "launches"
    assert "fovea.require" in loop["refused"][0]["text"]
    check_marks(model, arrays)
