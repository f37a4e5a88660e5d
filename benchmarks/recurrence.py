"""Recurrences over a sequence with constant weights: sizes, inputs, what they compute, and their
forms for Fovea and for the systems that read ONNX."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import recurrence_formulas as formulas
from problem import UNITS, Expected, Feed, Steps, typed

LABEL = re.compile(r"(lstm|gru)_B(\d+)_H(\d+)_T(\d+)_(f32|bf16|i8)")
GATES = {"lstm": "iofc", "gru": "zrn"}
# Results that a function of mathematics may be off by, in units of one rounding.
FUNCTION = 4
LEVELS = 127
WEIGHTS = "wrb"


@dataclass(frozen=True)
class Recurrence:
    """One forward layer of `hidden` units over as many inputs, from states of zeros; every step's
    output and the last states are wanted. `dtype` is what the products' weights are stored in (in
    i8 the recurrent ones alone, with a scale for each row); all else is f32."""

    kind: str
    batch: int
    hidden: int
    steps: int
    dtype: str = "f32"

    @property
    def label(self) -> str:
        return f"{self.kind}_B{self.batch}_H{self.hidden}_T{self.steps}_{self.dtype}"

    @property
    def computed(self) -> str:
        """What peers compute in, who have the stored weights widened."""
        return "f32"

    @property
    def gates(self) -> int:
        return len(GATES[self.kind])

    @property
    def states(self) -> int:
        return 2 if self.kind == "lstm" else 1

    @property
    def outputs(self) -> tuple[str, ...]:
        return ("y", "y_h", "y_c")[: 1 + self.states]

    @property
    def sizes(self) -> dict[str, tuple[int, ...]]:
        """Of the input, the weights and the biases, as ONNX has them."""
        rows = self.gates * self.hidden
        return {"x": (self.steps, self.batch, self.hidden), "w": (1, rows, self.hidden),
                "r": (1, rows, self.hidden), "b": (1, 2 * rows)}  # fmt: skip

    def flops(self) -> int:
        """Of the products, those of the input among them."""
        return 4 * self.steps * self.batch * self.gates * self.hidden**2

    def bytes(self) -> int:
        """Input, weights and results, each once: the weights may stay in caches over the steps."""
        width = {"f32": (4, 4), "bf16": (2, 2), "i8": (4, 1)}[self.dtype]
        weights = self.gates * self.hidden**2
        values = self.batch * self.hidden * (2 * self.steps + self.states)
        return sum(width) * weights + 4 * (values + 2 * self.gates * self.hidden)

    def steps_of(self) -> Steps:
        """Each step multiplies with all recurrent weights: those of i8 by dots of four."""
        weights = self.gates * self.hidden**2
        width, rate = {"f32": (4, 1.0), "bf16": (2, 1.0), "i8": (1, 4.0)}[self.dtype]
        return Steps(self.steps, width * weights, 2 * self.batch * weights, rate)

    def inputs(self) -> Feed:
        """PyTorch's distribution of weights. They are what the dtype can store: bf16, or integers
        times their row's scale, of which the largest is 127."""
        rng = np.random.default_rng(self.hidden)
        sizes, bound = self.sizes, self.hidden**-0.5
        made = {"x": rng.standard_normal(sizes["x"], np.float32)}
        for name in WEIGHTS:
            made[name] = rng.uniform(-bound, bound, sizes[name]).astype(np.float32)
        if self.dtype == "bf16":
            made |= {name: typed(made[name], "bf16").astype(np.float32) for name in "wr"}
        if self.dtype == "i8":
            scale = np.abs(made["r"]).max(-1, keepdims=True) / LEVELS
            made["r"] = np.rint(made["r"] / scale).astype(np.float32) * scale
        return made

    def expected(self, feed: Feed) -> Expected:
        """All results in float64, as `joined` has them; six standard deviations of what roundings
        do to them in f32, and with states of 127 levels in i8's products. `narrow` is what a
        system may be off that rounds every value to bf16."""
        x = feed["x"].astype(np.float64)
        w, r, b = (feed[name][0].astype(np.float64) for name in WEIGHTS)
        weights = formulas.Weights(w, r, *np.split(b, 2))
        unit, levels = UNITS["f32"], LEVELS if self.dtype == "i8" else 0
        got = formulas.run(self.kind, x, weights, formulas.Rounding(unit, FUNCTION * unit, levels))
        narrow = None
        if self.dtype == "bf16":
            loose = formulas.Rounding(unit, UNITS["bf16"])
            narrow = 6 * formulas.run(self.kind, x, weights, loose).deviation
        return Expected(joined(got.y, got.states), 6 * got.deviation, narrow)


def joined(y: np.ndarray, states: list[np.ndarray]) -> np.ndarray:
    """Outputs and last states as one array: [T + states, B, H]."""
    batch, hidden = y.shape[-2:]
    parts = [np.reshape(part, (-1, batch, hidden)) for part in (y, *states)]
    return np.concatenate(parts)


def tensor(sizes: tuple[int, ...], dtype: str = "f32") -> str:
    """The text of a type."""
    return f"tensor<{'x'.join(map(str, sizes))}x{dtype}>"


def parse(label: str) -> Recurrence | None:
    """The recurrence that a label names."""
    match = LABEL.fullmatch(label)
    return Recurrence(match[1], *map(int, match.groups()[1:-1]), match[5]) if match else None


def onnx_model(problem: Recurrence, feed: Feed) -> bytes:
    """One LSTM or GRU node with the weights as initializers."""
    from onnx import TensorProto, helper, numpy_helper

    attributes = {"linear_before_reset": 1} if problem.kind == "gru" else {}
    node = helper.make_node(problem.kind.upper(), ["x", "w", "r", "b"], problem.outputs,
                            hidden_size=problem.hidden, **attributes)  # fmt: skip
    state = [1, problem.batch, problem.hidden]
    sizes = {"x": list(problem.sizes["x"]), "y": [problem.steps, *state], "y_h": state,
             "y_c": state}  # fmt: skip
    info = {n: helper.make_tensor_value_info(n, TensorProto.FLOAT, s) for n, s in sizes.items()}
    constants = [numpy_helper.from_array(feed[name], name) for name in WEIGHTS]
    graph = helper.make_graph([node], problem.label, [info["x"]],
                              [info[n] for n in problem.outputs], constants)  # fmt: skip
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 22)], ir_version=10)
    return model.SerializeToString()


def reordered(problem: Recurrence, rows: np.ndarray, order: str) -> np.ndarray:
    """Rows of ONNX's order of gates in another, where the cell's gate of an LSTM is c and the new
    one of a GRU is n."""
    parts = dict(zip(GATES[problem.kind], np.split(rows, problem.gates), strict=True))
    return np.concatenate([parts[gate] for gate in order])


def _stored(problem: Recurrence, name: str) -> str:
    return "bf16" if problem.dtype == "bf16" and name in "wr" else "f32"


def compile_options(problem: Recurrence) -> dict[str, str]:
    """The weights of the model are f32: that recurrent ones may be rounded is asked for."""
    return {"recurrent_weights": "i8"} if problem.dtype == "i8" else {}


def _weights(problem: Recurrence) -> tuple[str, str]:
    """Their declarations, and the operations that give them as they are stored."""
    declared, got, offset = [], [], 0
    for name in WEIGHTS:
        size, dtype = problem.sizes[name], _stored(problem, name)
        kind = tensor(size, dtype)
        declared.append(f'fovea.weight @{name} from "{WEIGHTS}.bin" offset {offset} : {kind}')
        got.append(f"  %{name} = fovea.get_weight @{name} : {kind}")
        offset += int(np.prod(size)) * (4 if dtype == "f32" else 2)
    return "\n".join(declared), "\n".join(got)


def module(problem: Recurrence) -> str:
    """MLIR text with one fovea.lstm or fovea.gru, whose weights are those of write_module."""
    declared, got = _weights(problem)
    order = ", ".join(f"#fovea.gate<{gate}>" for gate in GATES[problem.kind])
    functions = ["sigmoid", *["tanh"] * problem.states]
    activations = ", ".join(f"#fovea.activation<{name}>" for name in functions)
    reset = ", reset = #fovea.reset<after>" if problem.kind == "gru" else ""
    state = (1, problem.batch, problem.hidden)
    results = [tensor((problem.steps, *state)), *[tensor(state)] * problem.states]
    slots = ", ".join(f'{kind} {{fovea.name = "{name}"}}'
                      for name, kind in zip(problem.outputs, results, strict=True))  # fmt: skip
    values, kinds = ", ".join(f"%{name}" for name in problem.outputs), ", ".join(results)
    x, w, r, b = (tensor(size, _stored(problem, name)) for name, size in problem.sizes.items())
    return f"""
{declared}
func.func @main(%x: {x} {{fovea.name = "x"}}) -> ({slots}) {{
{got}
  {values} = fovea.{problem.kind} %x, %w, %r bias(%b : {b})
      {{gate_order = [{order}], activations = [{activations}]{reset}}}
    : {x}, {w}, {r} -> {kinds}
  return {values} : {kinds}
}}
"""


def write_module(problem: Recurrence, feed: Feed, folder: Path) -> Path:
    """The module and beside it its weights; gives the module's path."""
    with (folder / f"{WEIGHTS}.bin").open("wb") as file:
        for name in WEIGHTS:
            file.write(typed(feed[name], _stored(problem, name)).tobytes())
    path = folder / f"{problem.kind}.mlir"
    path.write_text(module(problem))
    return path
