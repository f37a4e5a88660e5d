"""LSTM as cells written by hand, in several ways, and as the operation: texts and weights."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

from pathlib import Path

import numpy as np

Array = np.ndarray
GATES = "iofc"
ORDER = ", ".join(f"#fovea.gate<{g}>" for g in GATES)
MAPS = ("affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> ({})>, "
        "affine_map<(m, n, k) -> (m, n)>")  # fmt: skip


def tensor(*shape: int) -> str:
    return f"tensor<{'x'.join(map(str, shape))}xf32>"


def product(
    name: str, weight: str, kind: str, place: str, b: int, h: int, n: int, of: str = "h"
) -> list[str]:
    return [
        f"    %e{name} = tensor.empty() : {tensor(b, n)}",
        f"    %{name} = fovea.contract ins(%{of}, %{weight} : {tensor(b, h)}, {kind})",
        f"      outs(%e{name} : {tensor(b, n)}) {{indexing_maps = [{MAPS.format(place)}]}}",
        "      epilogue {\n    ^bb0(%s: f32):\n      fovea.yield %s : f32",
        f"    }} -> {tensor(b, n)}",
    ]


def products(form: str, b: int, h: int) -> list[str]:
    """%pi, %po, %pf and %pc, [b, h] each."""
    if form == "four":
        return [line for g in GATES
                for line in product(f"p{g}", f"r{g}", tensor(h, h), "n, k", b, h, h)]  # fmt: skip
    if form == "one":
        lines = product("p", "r", tensor(h, 4 * h), "k, n", b, h, 4 * h)
    else:
        kind = tensor(b, 4 * h)
        lines = [
            *product("q", "r", tensor(4 * h, h), "n, k", b, h, 4 * h),
            f"    %el = tensor.empty() : {kind}",
            f"    %p = fovea.layer_norm ins(%q, %scale : {kind}, {tensor(4 * h)})",
            f"      outs(%el : {kind}) {{axis = 1 : i64, epsilon = 1.0e-5 : f64}} -> {kind}",
        ]
    return lines + slices("p", b, h)


def slices(name: str, b: int, h: int) -> list[str]:
    return [f"    %{name}{g} = tensor.extract_slice %{name}[0, {at * h}] [{b}, {h}] [1, 1]"
            f" : {tensor(b, 4 * h)} to {tensor(b, h)}" for at, g in enumerate(GATES)]  # fmt: skip


def step(b: int, h: int) -> list[str]:
    """The next %h1 and %c1."""
    kind, lines = tensor(b, h), []

    def add(name: str, operation: str) -> None:
        lines.append(f"    %{name} = {operation} : {kind}")

    for g in GATES:
        add(f"s{g}", f"arith.addf %x{g}, %p{g}")
        if g == "c":
            add("ac", "math.tanh %sc")
            continue
        add(f"n{g}", f"arith.negf %s{g}")
        add(f"q{g}", f"math.exp %n{g}")
        add(f"d{g}", f"arith.addf %q{g}, %one")
        add(f"a{g}", f"arith.divf %one, %d{g}")
    for name, operation in (("fc", "arith.mulf %af, %c"), ("ig", "arith.mulf %ai, %ac"),
                            ("c1", "arith.addf %fc, %ig"), ("tc", "math.tanh %c1"),
                            ("h1", "arith.mulf %ao, %tc")):  # fmt: skip
        add(name, operation)
    return lines


def weights(form: str, h: int) -> list[tuple[str, int, str]]:
    """Names, offsets and types."""
    r = 16 * h * h
    if form == "four":
        return [(f"r{g}", r + at * 4 * h * h, tensor(h, h)) for at, g in enumerate(GATES)]
    plain = [("r", r, tensor(h, 4 * h) if form == "one" else tensor(4 * h, h))]
    return plain + [("scale", 2 * r, tensor(4 * h))] * (form == "norm")


def by_hand(form: str, t: int, b: int, h: int, inside: bool = False) -> str:
    """An LSTM; `inside`: each step takes the product of its own input."""
    state, gates, xs = tensor(b, h), tensor(b, 4 * h), tensor(t, b, 4 * h)
    x, y = tensor(t, b, h), ", ".join([tensor(t, b, h), tensor(b, h), tensor(b, h)])
    used = [("w", 0, tensor(4 * h, h)), *weights(form, h)]
    outer = [f"affine_map<(t, b, n, k) -> ({dims})>" for dims in ("t, b, k", "n, k", "t, b, n")]
    every = [
        f"  %e = tensor.empty() : {xs}",
        f"  %xw = fovea.contract ins(%x, %w : {x}, {tensor(4 * h, h)}) outs(%e : {xs})",
        f"    {{indexing_maps = [{', '.join(outer)}]}} epilogue {{",
        f"    ^bb0(%s: f32):\n      fovea.yield %s : f32\n    }} -> {xs}",
    ]  # fmt: skip
    own = product("own", "w", tensor(4 * h, h), "n, k", b, h, 4 * h, "x_t") if inside else []
    step_of, kind, read = ("x", state, "own") if inside else ("xw", gates, "x_t")
    return "\n".join([
        *(f'fovea.weight @{n} from "w.bin" offset {at} : {kind}' for n, at, kind in used),
        f'func.func @main(%x: {x} {{fovea.name = "x"}}) -> ({x} {{fovea.name = "y"}}) {{',
        *(f"  %{n} = fovea.get_weight @{n} : {kind}" for n, at, kind in used),
        *(f"  %{n} = arith.constant dense<{n == 'one':d}.0> : {state}" for n in ("zero", "one")),
        *([] if inside else every),
        f"  %y, %hn, %cn = fovea.rnn %{step_of} init(%zero, %zero) cell {{",
        f"  ^bb0(%x_t: {kind}, %h: {state}, %c: {state}):",
        *own,
        *(line.replace("slice %x[", f"slice %{read}[") for line in slices("x", b, h)),
        *products(form, b, h), *step(b, h),
        f"    fovea.yield %h1, %h1, %c1 : {state}, {state}, {state}",
        f"  }} : {x if inside else xs}, {state}, {state} -> {y}\n  return %y : {x}\n}}",
    ])  # fmt: skip


def operation(t: int, b: int, h: int) -> str:
    kinds = f"{tensor(t, b, h)}, {tensor(1, 4 * h, h)}, {tensor(1, 4 * h, h)}"
    y, state = tensor(t, 1, b, h), tensor(1, b, h)
    return f"""fovea.weight @w from "w.bin" : {tensor(1, 4 * h, h)}
fovea.weight @r from "w.bin" offset {16 * h * h} : {tensor(1, 4 * h, h)}
func.func @main(%x: {tensor(t, b, h)} {{fovea.name = "x"}}) -> ({y} {{fovea.name = "y"}}) {{
  %w = fovea.get_weight @w : {tensor(1, 4 * h, h)}
  %r = fovea.get_weight @r : {tensor(1, 4 * h, h)}
  %all:3 = fovea.lstm %x, %w, %r {{gate_order = [{ORDER}], activations =
      [#fovea.activation<sigmoid>, #fovea.activation<tanh>, #fovea.activation<tanh>]}}
      : {kinds} -> {y}, {state}, {state}
  return %all#0 : {y}
}}
"""


def saved(folder: Path, text: str, h: int) -> tuple[Path, Array]:
    """The program's file and its numbers: W and R, [4h, h] each, and a scale [4h]."""
    values = np.random.default_rng(11).uniform(-1, 1, 8 * h * h + 4 * h).astype(
        np.float32
    ) / np.float32(np.sqrt(h))
    (folder / "w.bin").write_bytes(values.tobytes())
    (folder / "m.mlir").write_text(text)
    return folder / "m.mlir", values
