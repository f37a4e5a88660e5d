"""Loops that need nothing of each other run at the same time: the ledger, results, bits."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import fovea
import numpy as np
import pytest

Array = np.ndarray
STATES = {"lstm": 2, "gru": 1}
GATES = {"lstm": "iofc", "gru": "zrn"}


def tensor(*shape: int | str, element: str = "f32") -> str:
    return f"tensor<{'x'.join(map(str, shape))}x{element}>"


def recurrence(cell: str, direction: str, h: int, t: int | str, b: int | str, y: bool) -> str:
    """A module of one recurrence with lengths, resets and initial states."""
    d = 2 if direction == "bidirectional" else 1
    n, states = len(GATES[cell]), STATES[cell]
    names = {str(size): name for size, name in ((t, "T"), (b, "B")) if size == "?"}

    def argument(name: str, kind: str, *dims: str) -> str:
        named = [dim if dim in "TB" and names else "" for dim in dims]
        shape = f", fovea.shape = {named}".replace("'", '"') if any(named) else ""
        return f'%{name}: {kind} {{fovea.name = "{name}"{shape}}}'

    x, weight, state = tensor(t, b, h), tensor(d, n * h, h), tensor(d, b, h)
    lengths, resets = tensor(b, element="i32"), tensor(t, b, element="i1")
    given = [argument("x", x, "T", "B", "-"), argument("w", weight), argument("r", weight),
             argument("h0", state, "-", "B", "-"), argument("lengths", lengths, "B"),
             argument("resets", resets, "T", "B")]  # fmt: skip
    gates = ", ".join(f"#fovea.gate<{gate}>" for gate in GATES[cell])
    kinds = ["sigmoid", "tanh", "tanh"][: 1 + states] * d
    more = ", reset = #fovea.reset<after>" if cell == "gru" else ""
    attributes = (
        f"direction = #fovea.direction<{direction}>, gate_order = [{gates}], activations = ["
        + ", ".join(f"#fovea.activation<{kind}>" for kind in kinds) + f"]{more}"
    )  # fmt: skip
    outs = [(0, tensor(t, d, b, h))] * y + [(1, state)]
    return f"""func.func @main({", ".join(given)})
    -> ({", ".join(f'{kind} {{fovea.name = "{"yh"[at]}"}}' for at, kind in outs)}) {{
  %a:{1 + states} = fovea.{cell} %x, %w, %r initial_h(%h0 : {state}) lengths(%lengths : {lengths})
      resets(%resets : {resets}) {{{attributes}}}
      : {x}, {weight}, {weight} -> {", ".join([tensor(t, d, b, h), *[state] * states])}
  return {", ".join(f"%a#{at}" for at, _ in outs)} : {", ".join(kind for _, kind in outs)}
}}"""


def inputs(cell: str, h: int, t: int, b: int) -> dict[str, Array]:
    """Of both directions."""
    rng, n = np.random.default_rng(7), len(GATES[cell])
    feed: dict[str, Any] = {
        name: (rng.standard_normal(shape) / np.sqrt(h)).astype(np.float32)
        for name, shape in {"x": (t, b, h), "w": (2, n * h, h), "r": (2, n * h, h),
                            "h0": (2, b, h)}.items()
    }  # fmt: skip
    feed["lengths"] = rng.integers(0, t + 1, b).astype(np.int32)
    feed["resets"] = rng.random((t, b)) < 0.2
    return feed


def of_direction(feed: dict[str, Array], d: int) -> dict[str, Array]:
    return {name: value[d : d + 1] if name in ("w", "r", "h0") else value
            for name, value in feed.items()}  # fmt: skip


def forms(module: fovea.Module) -> Counter[str]:
    return Counter(k["form"] for k in module.ledger["kernels"] if k["op"] == "scf.for")


# Hidden units, steps, batch.
SIZES = [(24, 9, 1), (37, 6, 3), (130, 5, 2), (8, 0, 2)]


def check_directions(
    cell: str, h: int, t: int, b: int, y: bool, folder: Path, threads: Sequence[int] = (1, 2, 3)
) -> list[fovea.Module]:
    """Both directions have the bits of each; the modules of known and of unknown sizes."""
    feed, modules = inputs(cell, h, t, b), []
    for sizes in ((t, b), ("?", "?")):
        alone = [
            fovea.compile(recurrence(cell, name, h, *sizes, y), threads=1)(**of_direction(feed, d))
            for d, name in enumerate(["forward", "reverse"])
        ]
        text = recurrence(cell, "bidirectional", h, *sizes, y)
        modules.append(fovea.compile(text))
        modules[-1].save(folder / "both.fvm")
        for number in threads:
            results = fovea.load(folder / "both.fvm", threads=number)(**feed)
            for name, axis in (("y", 1), ("h", 0)):
                if name in results:
                    want = np.concatenate([each[name] for each in alone], axis=axis)
                    assert np.array_equal(results[name], want), (sizes, number, name)
    return modules


@pytest.mark.parametrize("y", [True, False])
@pytest.mark.parametrize("cell", STATES)
@pytest.mark.parametrize("h, t, b", SIZES)
def test_both_directions_have_the_bits_of_each(
    cell: str, h: int, t: int, b: int, y: bool, tmp_path: Path
) -> None:
    static, symbolic = check_directions(cell, h, t, b, y, tmp_path)
    # Of no steps nothing is left when that is known.
    assert forms(static)["sections"] == (0 if t == 0 else 1)
    assert forms(symbolic)["sections"] == 1


def test_the_ledger_says_what_was_chosen_and_why() -> None:
    def records(h: int, b: int | str) -> list[dict[str, Any]]:
        module = fovea.compile(recurrence("lstm", "bidirectional", h, 6, b, True))
        return [k for k in module.ledger["kernels"] if k["op"] == "scf.for"]

    # Little work in a step, as much as a team shares, and more weights than a core keeps.
    (small,) = records(32, 1)
    assert (small["form"], small["sections"]) == ("sections", 2)
    assert "little work" in small["refused"][0]["text"]
    middle = records(128, 1)
    assert Counter(k["form"] for k in middle) == {"sections": 1, "team": 2}
    assert "with no more threads than loops" in middle[0]["refused"][0]["text"]
    large = records(256, 1)
    assert Counter(k["form"] for k in large) == {"loop_by_itself": 1, "team": 2}
    assert "1048576 bytes of weights" in large[0]["refused"][0]["text"]


def independent() -> tuple[str, dict[str, Array]]:
    """Three recurrences of which none needs another one, and inputs."""
    h, t = 16, 7
    x, w, state = tensor(t, 1, h), tensor(1, 4 * h, h), tensor(1, 1, h)
    v = tensor(1, 3 * h, h)
    order = {cell: ", ".join(f"#fovea.gate<{g}>" for g in GATES[cell]) for cell in GATES}
    acts = "#fovea.activation<sigmoid>, #fovea.activation<tanh>"
    y = tensor(t, 1, 1, h)
    text = f"""func.func @main(%x: {x} {{fovea.name = "x"}}, %w: {w} {{fovea.name = "w"}},
    %v: {v} {{fovea.name = "v"}}) -> ({y} {{fovea.name = "a"}}, {y} {{fovea.name = "b"}}) {{
  %a:3 = fovea.lstm %x, %w, %w {{gate_order = [{order["lstm"]}],
      activations = [{acts}, #fovea.activation<tanh>]}} : {x}, {w}, {w} -> {y}, {state}, {state}
  %e = math.exp %a#0 : {y}
  %b:2 = fovea.gru %x, %v, %v {{gate_order = [{order["gru"]}], activations = [{acts}],
      reset = #fovea.reset<before>}} : {x}, {v}, {v} -> {y}, {state}
  %c:2 = fovea.gru %x, %v, %v {{gate_order = [{order["gru"]}], activations = [{acts}],
      reset = #fovea.reset<after>}} : {x}, {v}, {v} -> {y}, {state}
  %d = arith.addf %b#0, %c#0 : {y}
  return %e, %d : {y}, {y}
}}"""
    rng = np.random.default_rng(3)
    feed = {
        name: rng.standard_normal(shape).astype(np.float32) / 4
        for name, shape in {"x": (t, 1, h), "w": (1, 4 * h, h), "v": (1, 3 * h, h)}.items()
    }
    return text, feed


def test_independent_recurrences_of_any_kind_share_a_kernel() -> None:
    text, feed = independent()
    one, two, three = (fovea.compile(text, threads=n) for n in (1, 2, 3))
    (record,) = [k for k in two.ledger["kernels"] if k["op"] == "scf.for"]
    assert (record["form"], record["sections"]) == ("sections", 3)
    want = one(**feed)
    assert np.all(want["a"] > 0) and np.any(want["b"] != 0)
    for module in (two, three):
        assert all(np.array_equal(value, want[name]) for name, value in module(**feed).items())
