"""LSTM and GRU with constant weights for the tests of rounded ones: text, files, and integers."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import ml_dtypes
import numpy as np

Array = np.ndarray
GATES = {"lstm": "iofc", "gru": "zrn"}
NUMPY = {"f32": np.float32, "f16": np.float16, "bf16": ml_dtypes.bfloat16}
INPUTS = 5


@dataclass
class Layer:
    """A forward layer without biases; the GRU resets behind the product. r [G * H, H] is stored in
    the type `stored`, all else in f32."""

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
    order = ", ".join(f"#fovea.gate<{gate}>" for gate in GATES[layer.kind])
    functions = ["sigmoid", *["tanh"] * (len(results) - 1)]
    activations = ", ".join(f"#fovea.activation<{function}>" for function in functions)
    reset = ", reset = #fovea.reset<after>" if layer.kind == "gru" else ""
    initial = "".join(f" initial_{name[0]}(%{name} : {state})" for name in names)
    values = ", ".join(f"%r{place}" for place in range(len(results)))
    kinds = ", ".join(kind for _, kind in results)
    path = folder / "layer.mlir"
    path.write_text(f"""
fovea.weight @w from "weights.bin" : {w}
fovea.weight @r from "weights.bin" offset {layer.w.nbytes} : {r}
func.func @main({", ".join(slots)}) -> ({", ".join(given)}) {{
  %w = fovea.get_weight @w : {w}
  %r = fovea.get_weight @r : {r}
  {values} = fovea.{layer.kind} %x, %w, %r{initial}
      {{gate_order = [{order}], activations = [{activations}]{reset}}}
    : {x}, {w}, {r} -> {kinds}
  return {values} : {kinds}
}}
""")
    return path
