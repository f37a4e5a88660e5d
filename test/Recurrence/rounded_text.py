"""Layers with constant weights for the tests of rounded ones: text, files, and integers."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import ml_dtypes
import numpy as np

Array = np.ndarray
GATES = {"lstm": "iofc", "gru": "zrn", "gru_before": "zrn", "rnn": "h"}
NUMPY = {"f32": np.float32, "f16": np.float16, "bf16": ml_dtypes.bfloat16}
INPUTS = 5

MAPS = """
#x = affine_map<(t, b, h, k) -> (t, b, k)>
#w = affine_map<(t, b, h, k) -> (h, k)>
#y = affine_map<(t, b, h, k) -> (t, b, h)>
#state = affine_map<(b, h, k) -> (b, k)>
#r = affine_map<(b, h, k) -> (h, k)>
#next = affine_map<(b, h, k) -> (b, h)>
"""


@dataclass
class Layer:
    """A forward layer without biases; the GRU resets behind the product unless it is "gru_before",
    plain RNN takes tanh. r [G * H, H] is stored in the type `stored`, all else in f32."""

    kind: str
    batch: int
    hidden: int
    steps: int
    stored: str = "f32"
    seed: int = 0
    w: Array = field(init=False)
    r: Array = field(init=False)

    def __post_init__(self) -> None:
        rng = np.random.default_rng(self.seed)
        rows, bound = len(GATES[self.kind]) * self.hidden, self.hidden**-0.5
        self.w = rng.uniform(-bound, bound, (rows, INPUTS)).astype(np.float32)
        self.r = rng.uniform(-bound, bound, (rows, self.hidden)).astype(np.float32)
        self.r[self.hidden // 2] = 0

    def stored_r(self) -> Array:
        return self.r.astype(NUMPY[self.stored]).astype(np.float32)

    def inputs(self) -> dict[str, Array]:
        rng = np.random.default_rng(self.seed + 1)
        state = (1, self.batch, self.hidden)
        names = ("h0", "c0") if self.kind == "lstm" else ("h0",)
        given = {"x": rng.standard_normal((self.steps, self.batch, INPUTS), np.float32)}
        return given | {name: rng.uniform(-1, 1, state).astype(np.float32) for name in names}


def levels(r: Array) -> tuple[Array, Array]:
    """Integers of the rows of r in float64 and their scales [G * H, 1], in f32's arithmetic."""
    scales = np.abs(r).max(-1, keepdims=True) / np.float32(127)
    with np.errstate(invalid="ignore", divide="ignore"):
        integers = np.clip(np.rint(r / scales), -127, 127)
    return np.where(scales > 0, integers, 0).astype(np.float64), scales


def operation(layer: Layer, t: str | int, b: str | int) -> str:
    """fovea.lstm or fovea.gru of %x, %w, %r and the initial states, as %r0, %r1 ..."""
    rows, hidden = len(layer.r), layer.hidden
    state, names = f"tensor<1x{b}x{hidden}xf32>", "hc"[: 2 if layer.kind == "lstm" else 1]
    order = ", ".join(f"#fovea.gate<{gate}>" for gate in GATES[layer.kind])
    functions = ["sigmoid", *["tanh"] * len(names)]
    activations = ", ".join(f"#fovea.activation<{function}>" for function in functions)
    kind, _, before = layer.kind.partition("_")
    reset = f", reset = #fovea.reset<{before or 'after'}>" if kind == "gru" else ""
    initial = "".join(f" initial_{name}(%{name}0 : {state})" for name in names)
    values = ", ".join(f"%r{place}" for place in range(1 + len(names)))
    kinds = ", ".join([f"tensor<{t}x1x{b}x{hidden}xf32>", *[state] * len(names)])
    return f"""  {values} = fovea.{kind} %x, %w, %r{initial}
      {{gate_order = [{order}], activations = [{activations}]{reset}}}
    : tensor<{t}x{b}x{INPUTS}xf32>, tensor<1x{rows}x{INPUTS}xf32>,
      tensor<1x{rows}x{hidden}x{layer.stored}> -> {kinds}
"""


def plain_cell(layer: Layer, t: str | int, b: str | int) -> str:
    """h' = tanh(W x + R h) as the cell of a fovea.rnn; results as of `operation`."""
    h, stored = layer.hidden, layer.stored
    row, all_rows = f"tensor<{b}x{h}xf32>", f"tensor<{t}x{b}x{h}xf32>"
    two = f"tensor<{h}x{INPUTS}xf32>", f"tensor<{h}x{h}x{stored}>"
    sizes = "".join(f", %{size}" for size, of in (("T", t), ("B", b)) if of == "?").lstrip(", ")
    batch = "%B" if b == "?" else ""
    shapes = [", ".join(["%T" if t == "?" else str(t), "1", "%B" if b == "?" else str(b), str(h)]),
              ", ".join(["1", "%B" if b == "?" else str(b), str(h)])]  # fmt: skip
    plain = "epilogue { ^bb0(%s: f32): fovea.yield %s : f32 }"
    return f"""  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %T = tensor.dim %x, %c0 : tensor<{t}x{b}x{INPUTS}xf32>
  %B = tensor.dim %x, %c1 : tensor<{t}x{b}x{INPUTS}xf32>
  %u = tensor.collapse_shape %w [[0, 1], [2]] : tensor<1x{h}x{INPUTS}xf32> into {two[0]}
  %v = tensor.collapse_shape %r [[0, 1], [2]] : tensor<1x{h}x{h}x{stored}> into {two[1]}
  %first = tensor.collapse_shape %h0 [[0, 1], [2]] : tensor<1x{b}x{h}xf32> into {row}
  %all = tensor.empty({sizes}) : {all_rows}
  %in = fovea.contract ins(%x, %u : tensor<{t}x{b}x{INPUTS}xf32>, {two[0]})
      outs(%all : {all_rows}) {{indexing_maps = [#x, #w, #y]}} {plain} -> {all_rows}
  %ys, %last = fovea.rnn %in init(%first) cell {{
  ^bb0(%now: {row}, %old: {row}):
    %own = tensor.empty({batch}) : {row}
    %sums = fovea.contract ins(%old, %v : {row}, {two[1]}) outs(%own : {row})
        {{indexing_maps = [#state, #r, #next]}} {plain} -> {row}
    %both = arith.addf %now, %sums : {row}
    %new = math.tanh %both : {row}
    fovea.yield %new, %new : {row}, {row}
  }} : {all_rows}, {row} -> {all_rows}, {row}
  %r0 = tensor.expand_shape %ys [[0], [1, 2], [3]] output_shape [{shapes[0]}]
      : {all_rows} into tensor<{t}x1x{b}x{h}xf32>
  %r1 = tensor.expand_shape %last [[0, 1], [2]] output_shape [{shapes[1]}]
      : {row} into tensor<1x{b}x{h}xf32>
"""


def write(layer: Layer, folder: Path, symbolic: bool = False) -> Path:
    """The module's file, beside it its weights; `symbolic`: steps and rows are known to a run."""
    rows, hidden, stored = len(layer.r), layer.hidden, layer.stored
    (folder / "weights.bin").write_bytes(
        layer.w.tobytes() + layer.r.astype(NUMPY[stored]).tobytes()
    )
    t, b = ("?", "?") if symbolic else (layer.steps, layer.batch)
    x, state = f"tensor<{t}x{b}x{INPUTS}xf32>", f"tensor<1x{b}x{hidden}xf32>"
    w, r = f"tensor<1x{rows}x{INPUTS}xf32>", f"tensor<1x{rows}x{hidden}x{stored}>"
    results = [("y", f"tensor<{t}x1x{b}x{hidden}xf32>"), ("y_h", state), ("y_c", state)]
    results = results[: 3 if layer.kind == "lstm" else 2]
    names = ["h0", "c0"][: len(results) - 1]

    def called(name: str, kind: str, dims: str) -> str:
        shape = f", fovea.shape = [{dims}]" if symbolic else ""
        return f'{kind} {{fovea.name = "{name}"{shape}}}'

    x_dims, state_dims, y_dims = '"T", "B", ""', '"", "B", ""', '"T", "", "B", ""'
    slots = [f"%x: {called('x', x, x_dims)}"]
    slots += [f"%{name}: {called(name, state, state_dims)}" for name in names]
    given = [called(name, kind, y_dims if name == "y" else state_dims)
             for name, kind in results]  # fmt: skip
    values = ", ".join(f"%r{place}" for place in range(len(results)))
    kinds = ", ".join(kind for _, kind in results)
    body = plain_cell if layer.kind == "rnn" else operation
    path = folder / "layer.mlir"
    path.write_text(f"""{MAPS}
fovea.weight @w from "weights.bin" : {w}
fovea.weight @r from "weights.bin" offset {layer.w.nbytes} : {r}
func.func @main({", ".join(slots)}) -> ({", ".join(given)}) {{
  %w = fovea.get_weight @w : {w}
  %r = fovea.get_weight @r : {r}
{body(layer, t, b)}  return {values} : {kinds}
}}
""")
    return path
