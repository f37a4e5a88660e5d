"""Stacked recurrences, each a chunk of steps behind the one below: the ledger, results, bits."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import fovea
import numpy as np
import onnx.helper
import onnx.numpy_helper
import pytest

Array = np.ndarray
GATES = {"lstm": "iofc", "gru": "zrn"}


def tensor(*shape: int | str) -> str:
    return f"tensor<{'x'.join(map(str, shape))}xf32>"


def stack(
    cell: str, layers: int, t: int | str, b: int, h: int, every: bool,
    direction: str = "forward", first: int = 0,
) -> str:  # fmt: skip
    """Layers of one cell with weights from number `first` on; results are y of the last layer, or
    of `every` one, and all last h."""
    n = len(GATES[cell])
    x, y, state, weight = tensor(t, b, h), tensor(t, 1, b, h), tensor(1, b, h), tensor(1, n * h, h)
    gates = ", ".join(f"#fovea.gate<{gate}>" for gate in GATES[cell])
    kinds = ", ".join(f"#fovea.activation<{k}>" for k in ["sigmoid", "tanh", "tanh"][: n - 1])
    more = ", reset = #fovea.reset<after>" if cell == "gru" else ""
    named = ', fovea.shape = ["T", "", ""]' if t == "?" else ""
    given = [f'%x0: {x} {{fovea.name = "x"{named}}}']
    stored, lines, outs = [], [], []
    for layer in range(layers):
        for number, name in enumerate((f"w{layer}", f"r{layer}")):
            at = 4 * n * h * h * (2 * (first + layer) + number)
            stored.append(f'fovea.weight @{name} from "w.bin" offset {at} : {weight}')
            lines.append(f"  %{name} = fovea.get_weight @{name} : {weight}")
        results = ", ".join([y, *[state] * (n - 2)])
        way = direction if layer == layers - 1 else "forward"
        lines += [
            f"  %a{layer}:{n - 1} = fovea.{cell} %x{layer}, %w{layer}, %r{layer} {{",
            f"      direction = #fovea.direction<{way}>,",
            f"      gate_order = [{gates}], activations = [{kinds}]{more}}}",
            f"      : {x}, {weight}, {weight} -> {results}",
            f"  %x{layer + 1} = tensor.collapse_shape %a{layer}#0 [[0], [1, 2], [3]]",
            f"      : {y} into {x}",
        ]
        if every or layer == layers - 1:
            outs.append((f"%a{layer}#0", y, f"y{layer}"))
        outs.append((f"%a{layer}#1", state, f"h{layer}"))
    kinds_out = ", ".join(f'{kind} {{fovea.name = "{name}"}}' for _, kind, name in outs)
    return "\n".join([
        *stored, f"func.func @main({', '.join(given)}) -> ({kinds_out}) {{", *lines,
        f"  return {', '.join(v for v, _, _ in outs)} : {', '.join(k for _, k, _ in outs)}\n}}",
    ])  # fmt: skip


def compiled(folder: Path, text: str, **options: int) -> fovea.Module:
    """The module, with weights in w.bin."""
    (folder / "stack.mlir").write_text(text)
    return fovea.compile(folder / "stack.mlir", **options)


def write_weights(folder: Path, cell: str, layers: int, h: int) -> None:
    rng, count = np.random.default_rng(5), 2 * layers * len(GATES[cell]) * h * h
    values = rng.standard_normal(count).astype(np.float32) / np.float32(np.sqrt(h))
    (folder / "w.bin").write_bytes(values.tobytes())


def forms(module: fovea.Module) -> Counter[str]:
    return Counter(k["form"] for k in module.ledger["kernels"] if k["op"] == "scf.for")


# Layers, steps, batch, hidden units.
SIZES = [(2, 131, 1, 64), (3, 97, 3, 40), (2, 64, 2, 60)]


def check_layers(
    cell: str, layers: int, t: int, b: int, h: int, every: bool, folder: Path,
    threads: Sequence[int] = (1, 2, 3),
) -> list[fovea.Module]:  # fmt: skip
    """The layers have the bits of each; the modules of known and of unknown steps."""
    write_weights(folder, cell, layers, h)
    modules = []
    x = np.random.default_rng(6).standard_normal((t, b, h)).astype(np.float32)
    for steps in (t, "?"):
        modules.append(compiled(folder, stack(cell, layers, steps, b, h, every)))
        modules[-1].save(folder / "stack.fvm")
        alone = [compiled(folder, stack(cell, 1, steps, b, h, True, first=layer), threads=1)
                 for layer in range(layers)]  # fmt: skip
        for number in (t, 1, 0) if steps == "?" else (t,):
            want, below = {}, x[:number]
            for layer, one in enumerate(alone):
                made = one(x=below)
                want[f"y{layer}"], want[f"h{layer}"] = np.array(made["y0"]), np.array(made["h0"])
                below = want[f"y{layer}"][:, 0]
            for count in threads:
                results = fovea.load(folder / "stack.fvm", threads=count)(x=x[:number])
                assert all(np.array_equal(value, want[k]) for k, value in results.items()), count
    return modules


@pytest.mark.parametrize("cell", GATES)
@pytest.mark.parametrize("every", [True, False])
@pytest.mark.parametrize("layers, t, b, h", SIZES)
def test_waves_have_the_bits_of_layers(
    cell: str, layers: int, t: int, b: int, h: int, every: bool, tmp_path: Path
) -> None:
    for module in check_layers(cell, layers, t, b, h, every, tmp_path):
        assert forms(module) == {"wavefront": 1, "team": 1}


@pytest.mark.parametrize("cell", GATES)
def test_weights_of_the_run_are_waves(cell: str, tmp_path: Path) -> None:
    layers, t, b, h = SIZES[0]
    text = stack(cell, layers, t, b, h, True)
    write_weights(tmp_path, cell, layers, h)
    known = compiled(tmp_path, text)
    names = re.findall(r"fovea.weight @(\w+)", text)
    kind = tensor(1, len(GATES[cell]) * h, h)
    given = "".join(f', %{name}: {kind} {{fovea.name = "{name}"}}' for name in names)
    text = re.sub(r".*fovea\.(get_)?weight.*\n", "", text)
    module = compiled(tmp_path, text.replace('{fovea.name = "x"}', '{fovea.name = "x"}' + given))
    assert forms(module) == {"wavefront": 1, "team": 1}
    module.save(tmp_path / "run.fvm")
    x = np.random.default_rng(6).standard_normal((t, b, h)).astype(np.float32)
    stored = np.fromfile(tmp_path / "w.bin", np.float32).reshape(len(names), 1, -1, h)
    want = known(x=x)
    for count in (1, 2, 3):
        results = fovea.load(tmp_path / "run.fvm", threads=count)(
            x=x, **dict(zip(names, stored, strict=True))
        )
        assert all(np.array_equal(value, want[k]) for k, value in results.items()), count


def plain_model(folder: Path, layers: int, t: int, b: int, h: int) -> Path:
    """ONNX's RNN, layer upon layer."""
    rng = np.random.default_rng(7)
    sizes = {"w": (1, h, h), "r": (1, h, h), "b": (1, 2 * h)}
    nodes, stored = [], [onnx.numpy_helper.from_array(np.array([1]), "axis")]
    for layer in range(layers):
        for name, shape in sizes.items():
            values = rng.standard_normal(shape).astype(np.float32) / np.float32(np.sqrt(h))
            stored.append(onnx.numpy_helper.from_array(values, f"{name}{layer}"))
        nodes += [
            onnx.helper.make_node("RNN", [f"x{layer}", *(f"{name}{layer}" for name in sizes)],
                                  [f"y{layer}", f"h{layer}"], hidden_size=h),
            onnx.helper.make_node("Squeeze", [f"y{layer}", "axis"], [f"x{layer + 1}"]),
        ]  # fmt: skip
    declared = {"x0": (t, b, h), f"x{layers}": (t, b, h), "h0": (1, b, h)}
    x, y, first = (onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, shape)
                   for name, shape in declared.items())  # fmt: skip
    graph = onnx.helper.make_graph(nodes, "layers", [x], [y, first], stored)
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 22)])
    onnx.save(model, folder / "plain.onnx")
    return folder / "plain.onnx"


def plain_expected(model: Path, x: Array) -> tuple[Array, Array]:
    """The last layer's steps and the first one's last state, in float64."""
    stored = {each.name: onnx.numpy_helper.to_array(each).astype(np.float64)
              for each in onnx.load(model).graph.initializer}  # fmt: skip
    below, lasts = x.astype(np.float64), []
    while (layer := len(lasts)) < len(stored) // 3:
        w, r, b = (stored[f"{name}{layer}"][0] for name in "wrb")
        h, steps = np.zeros(below.shape[1:]), []
        for row in below:
            h = np.tanh(row @ w.T + h @ r.T + np.add(*np.split(b, 2)))
            steps.append(h)
        lasts.append(h)
        below = np.stack(steps)
    return below, lasts[0]


@pytest.mark.parametrize("layers, t, b, h", [(2, 131, 1, 64), (5, 97, 3, 40)])
def test_plain_layers_are_waves(layers: int, t: int, b: int, h: int, tmp_path: Path) -> None:
    model = plain_model(tmp_path, layers, t, b, h)
    module = fovea.compile(model)
    assert forms(module) == {"wavefront": 1, "team": 1}
    module.save(tmp_path / "plain.fvm")
    x = np.random.default_rng(8).standard_normal((t, b, h)).astype(np.float32)
    results = [fovea.load(tmp_path / "plain.fvm", threads=count)(x0=x) for count in (1, 2, 3)]
    for name, want in zip((f"x{layers}", "h0"), plain_expected(model, x), strict=True):
        np.testing.assert_allclose(results[0][name].reshape(want.shape), want, atol=3e-6)
        assert all(np.array_equal(other[name], results[0][name]) for other in results[1:])


def test_layers_follow_each_other_where_waves_do_not_fit(tmp_path: Path) -> None:
    cases = {
        "steps for a team": (128, 128, "forward"),
        "few steps": (32, 64, "forward"),
        "backwards": (128, 64, "reverse"),
    }
    for name, (t, h, direction) in cases.items():
        write_weights(tmp_path, "lstm", 2, h)
        text = stack("lstm", 2, t, 1, h, False, direction)
        assert forms(compiled(tmp_path, text)) == {"team": 2}, name
