"""Recurrences whose weights are stored in bf16: words of two steps for one row, else elements."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from build_tree import fovea, sound
from product_cases import usable

TARGETS = {"x86-64-v3": "avx2", "x86-64-v4": "avx512"}
KINDS = {"lstm": (4, "iofc", 2), "gru": (3, "zrn", 1)}
STEPS, FEATURES = 5, 9


def write_module(folder: Path, kind: str, batch: int, units: int) -> None:
    """A layer with weights of bf16, whose bits are the upper halves of random floats."""
    gates, names, states = KINDS[kind]
    rng = np.random.default_rng(units)
    shapes = {"w": (1, gates * units, FEATURES), "r": (1, gates * units, units)}
    text, got, offset = "", "", 0
    with (folder / "weights.bin").open("wb") as file:
        for name, shape in shapes.items():
            values = rng.uniform(-0.6, 0.6, shape).astype(np.float32)
            file.write((values.view(np.uint32) >> 16).astype(np.uint16).tobytes())
            kind_of = f"tensor<{'x'.join(map(str, shape))}xbf16>"
            text += f'fovea.weight @{name} from "weights.bin" offset {offset} : {kind_of}\n'
            got += f"  %{name} = fovea.get_weight @{name} : {kind_of}\n"
            offset += 2 * values.size
    x, w, r = (f"tensor<{STEPS}x{batch}x{FEATURES}xf32>", f"tensor<1x{gates * units}x9xbf16>",
               f"tensor<1x{gates * units}x{units}xbf16>")  # fmt: skip
    y, last = f"tensor<{STEPS}x1x{batch}x{units}xf32>", f"tensor<1x{batch}x{units}xf32>"
    results = ", ".join([y, *[last] * states])
    values = ", ".join(["%y", "%h", "%c"][: 1 + states])
    order = ", ".join(f"#fovea.gate<{gate}>" for gate in names)
    functions = ["sigmoid", *["tanh"] * states]
    activations = ", ".join(f"#fovea.activation<{name}>" for name in functions)
    reset = ", reset = #fovea.reset<after>" if kind == "gru" else ""
    (folder / "layer.mlir").write_text(f"""{text}
func.func @main(%x: {x} {{fovea.name = "x"}}) -> ({y} {{fovea.name = "y"}}) {{
{got}  {values} = fovea.{kind} %x, %w, %r
      {{gate_order = [{order}], activations = [{activations}]{reset}}}
    : {x}, {w}, {r} -> {results}
  return %y : {y}
}}
""")


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize(("batch", "units"), [(1, 20), (1, 34), (1, 21), (3, 20)])
@pytest.mark.parametrize("kind", KINDS)
def test_reference(tmp_path: Path, kind: str, batch: int, units: int, target: str) -> None:
    usable(TARGETS[target])
    write_module(tmp_path, kind, batch, units)
    done = sound(fovea(tmp_path, "verify", "layer.mlir", f"--target={target}", "--threads=2",
                       "--json"))  # fmt: skip
    assert json.loads(done.stdout)["passed"]


def test_words_of_two_steps_are_for_one_row(tmp_path: Path) -> None:
    """What the packed weight is shows which code the cases above have run."""
    for batch, units, shape in ((1, 34, "3x17x48x2"), (3, 34, "3x102x16"), (1, 21, "2x63x16")):
        write_module(tmp_path, "gru", batch, units)
        sound(fovea(tmp_path, "compile", "layer.mlir", "--target=x86-64-v4", "--stop-after=graph",
                    "-o", "graph.mlir"))  # fmt: skip
        assert f"tensor<{shape}xbf16>" in (tmp_path / "graph.mlir").read_text()
