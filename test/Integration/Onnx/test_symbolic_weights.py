"""Weights that are inputs with symbolic sizes. The references are ONNX Runtime for recurrences and
the onnx package's evaluator."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import fovea
import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper
from onnx.reference import ReferenceEvaluator

Dims = dict[str, tuple[int | str, ...]]
Arrays = dict[str, np.ndarray]
INFO = helper.make_tensor_value_info
RNG = np.random.default_rng(11)
FOVEA = Path(os.environ.get("FOVEA_BUILD_DIR", "build")) / "bin" / "fovea"
TOLERANCE = 2e-5  # 40 terms of a sum, each rounded to f32 at about 10


def model(op: str, inputs: list[str], dims: Dims, results: str = "y", **attributes) -> bytes:
    """A node of the operator over the named inputs ("" for absent ones)."""
    kinds = {"position_ids": TensorProto.INT64, "lengths": TensorProto.INT32}
    names = results.split()
    node = helper.make_node(op, inputs, names, name="here", **attributes)
    infos = [INFO(name, kinds.get(name, TensorProto.FLOAT), dims[name]) for name in inputs if name]
    outputs = [INFO(name, TensorProto.FLOAT, None) for name in names]
    graph = helper.make_graph([node], "g", infos, outputs)
    opset = [helper.make_opsetid("", 23 if op == "RotaryEmbedding" else 22)]
    return bytes(helper.make_model(graph, opset_imports=opset, ir_version=10).SerializeToString())


def extents(shape: tuple[int | str, ...], sizes: dict[str, int]) -> list[int]:
    """Sizes written as numbers or formulas."""
    return [eval(d, {}, sizes) if isinstance(d, str) else d for d in shape]


def arrays(dims: Dims, sizes: dict[str, int]) -> Arrays:
    return {
        name: RNG.standard_normal(extents(shape, sizes)).astype(np.float32)
        for name, shape in dims.items()
    }


def symbolic(dims: Dims) -> Dims:
    """A symbol of its own for every size that is not a number: nothing is known of them."""
    return {
        name: tuple(f"{name}{i}" if isinstance(d, str) else d for i, d in enumerate(shape))
        for name, shape in dims.items()
    }


def refuses(module: fovea.Module, given: Arrays) -> None:
    with pytest.raises(fovea.FoveaError, match="node 'here'"):
        module(**given)


CONV = {
    "channels": ({"x": ("n", "c", 9, "w"), "k": ("m", "c", 3, 3), "b": ("m",)}, {}),
    "everything": ({"x": ("n", "c", "h", "w"), "k": ("m", "c", "p", "q"), "b": ("m",)},
                   {"strides": [2, 1], "dilations": [1, 2], "pads": [1, 0, 2, 1]}),
    "kernel_shape": ({"x": ("n", "c", "h", "w"), "k": ("m", "c", "p", "q")},
                     {"kernel_shape": [3, 2], "auto_pad": "SAME_UPPER"}),
    "same_lower": ({"x": ("n", 4, "h"), "k": ("m", "c", "p")}, {"auto_pad": "SAME_LOWER"}),
    "groups": ({"x": ("n", "2*c", "h", "w"), "k": ("2*m", "c", "p", "q"), "b": ("2*m",)},
               {"group": 2, "strides": [1, 2]}),
    "depthwise": ({"x": ("n", 4, "h"), "k": ("4*m", 1, "p")}, {"group": 4, "pads": [2, 0]}),
    "bias": ({"x": (1, 4, "h"), "k": ("m", "c", "p"), "b": (6,)}, {}),
}  # fmt: skip


@pytest.mark.parametrize("name", CONV)
def test_conv(name: str) -> None:
    dims, attributes = CONV[name]
    data = model("Conv", list(dims), symbolic(dims), **attributes)
    module, reference = fovea.compile(data), ReferenceEvaluator(onnx.load_from_string(data))
    for n, c, m, h, w, p, q in [
        (2, 4, 6, 9, 7, 3, 2),
        (1, 4, 6, 12, 5, 3, 2),
        (3, 4, 6, 8, 9, 3, 2),
    ]:
        given = arrays(dims, {"n": n, "c": c, "m": m, "h": h, "w": w, "p": p, "q": q})
        np.testing.assert_allclose(
            module(**given)["y"], reference.run(None, given)[0], atol=TOLERANCE
        )


@pytest.mark.parametrize(
    ("name", "input", "shape"),
    [
        ("everything", "k", (6, 5, 3, 2)),  # channels
        ("everything", "k", (6, 4, 13, 2)),  # a window that does not fit
        ("everything", "k", (6, 4, 0, 2)),
        ("everything", "b", (5,)),
        ("kernel_shape", "k", (6, 4, 2, 3)),
        ("groups", "k", (13, 4, 3, 2)),  # two groups
        ("groups", "x", (2, 9, 9, 7)),
        ("depthwise", "k", (6, 1, 3)),
        ("bias", "k", (5, 4, 3)),
    ],
)
def test_conv_requires_what_it_is_told(name: str, input: str, shape: tuple[int, ...]) -> None:
    dims, attributes = CONV[name]
    given = arrays(dims, {"n": 2, "c": 4, "m": 6, "h": 9, "w": 7, "p": 3, "q": 2})
    module = fovea.compile(model("Conv", list(dims), symbolic(dims), **attributes))
    module(**given)
    refuses(module, given | {input: np.ones(shape, np.float32)})


GATES = {"RNN": 1, "GRU": 3, "LSTM": 4}


def recurrence(op: str, directions: int, known: bool) -> Dims:
    """Inputs of a recurrence, with peepholes and a cell's state for an LSTM."""
    gates = GATES[op]
    d, h = (directions, "h") if known else ("d", "h")
    stacked, biases = f"{gates}*h", f"{2 * gates}*h"
    dims: Dims = {"x": ("t", "n", "i"), "w": (d, stacked, "i"), "r": (d, stacked, h),
                  "b": (d, biases), "lengths": ("n",), "h0": (d, "n", h)}  # fmt: skip
    return dims | ({"c0": (d, "n", h), "p": (d, "3*h")} if op == "LSTM" else {})


def recurrent_inputs(dims: Dims, t: int, n: int, i: int, h: int, d: int) -> Arrays:
    given = arrays(dims, {"t": t, "n": n, "i": i, "h": h, "d": d})
    return given | {"lengths": (np.arange(n, dtype=np.int32) + t - 1) % t + 1}


@pytest.mark.parametrize("direction", ["forward", "reverse", "bidirectional"])
@pytest.mark.parametrize("op", GATES)
def test_recurrences(op: str, direction: str) -> None:
    directions = 2 if direction == "bidirectional" else 1
    results = "y y_h y_c" if op == "LSTM" else "y y_h"
    for given_size in (None, 7):
        dims = recurrence(op, directions, known=given_size is None)
        attributes = {"hidden_size": given_size} if given_size else {}
        data = model(op, list(dims), symbolic(dims), results, direction=direction, **attributes)
        module = fovea.compile(data)
        # ONNX Runtime asks for the attribute.
        hidden_sizes = [given_size] if given_size else [3, 17]
        for h in hidden_sizes:
            whole = model(
                op, list(dims), symbolic(dims), results, direction=direction, hidden_size=h
            )
            session = onnxruntime.InferenceSession(whole, providers=["CPUExecutionProvider"])
            given = recurrent_inputs(dims, 5, 3, 4, h, directions)
            got = module(**given)
            for name, want in zip(results.split(), session.run(None, given), strict=True):
                np.testing.assert_allclose(got[name], want, atol=TOLERANCE)


@pytest.mark.parametrize("op", GATES)
def test_recurrences_require_what_they_are_told(op: str) -> None:
    dims = recurrence(op, 2, known=False)
    data = model(op, list(dims), symbolic(dims), direction="bidirectional", hidden_size=7)
    module = fovea.compile(data)
    given = recurrent_inputs(dims, 5, 3, 4, 7, 2)
    module(**given)
    refuses(module, recurrent_inputs(dims, 5, 3, 4, 6, 2))  # another hidden size
    refuses(module, recurrent_inputs(dims, 5, 3, 4, 7, 1))  # one direction
    for name in sorted(given.keys() - {"x", "lengths"}):
        shape = list(given[name].shape)
        shape[-1] += 1
        refuses(module, given | {name: np.ones(shape, np.float32)})


ROTARY = {
    "places": ({"x": ("n", "a", "s", "2*f"), "cos": ("m", "f"), "sin": ("m", "f")}, {}),
    "cache": ({"x": ("n", "a", "s", "2*f"), "cos": ("m", 4), "sin": ("m", "f")}, {}),
    "packed": ({"x": ("n", "s", "6*f"), "cos": ("m", "f"), "sin": ("m", "f")}, {"num_heads": 3}),
    "packed_cache": ({"x": ("n", "s", "6*f"), "cos": ("m", "f"), "sin": ("m", 4)},
                     {"num_heads": 3}),
    "part": ({"x": ("n", "a", "s", "g"), "cos": ("m", "f"), "sin": ("m", "f")},
             {"rotary_embedding_dim": 8}),
    "no_places": ({"x": ("n", "a", "s", "2*f"), "cos": ("n", "s", "f"), "sin": ("n", "s", "f")},
                  {}),
}  # fmt: skip


def rotary_inputs(name: str, n: int, s: int, f: int) -> Arrays:
    dims = ROTARY[name][0]
    given = arrays(dims, {"n": n, "a": 3, "s": s, "f": f, "g": 13, "m": 9})
    places = RNG.integers(0, 9, (n, s))
    return given if name == "no_places" else given | {"position_ids": places}


def rotary_model(name: str, interleaved: int) -> bytes:
    dims, attributes = ROTARY[name]
    if name != "no_places":
        dims = dims | {"position_ids": ("n", "s")}
    return model(
        "RotaryEmbedding", list(dims), symbolic(dims), interleaved=interleaved, **attributes
    )


@pytest.mark.parametrize("interleaved", [0, 1])
@pytest.mark.parametrize("name", ROTARY)
def test_rotary_embedding(name: str, interleaved: int) -> None:
    data = rotary_model(name, interleaved)
    module, reference = fovea.compile(data), ReferenceEvaluator(onnx.load_from_string(data))
    fixed = name in ("cache", "packed_cache", "part")
    for n, s, f in [(2, 5, 4), (1, 1, 4), (2, 3, 4 if fixed else 7)]:
        given = rotary_inputs(name, n, s, f)
        want = reference.run(None, given)[0]
        np.testing.assert_allclose(module(**given)["y"], want, atol=1e-6)
    given = rotary_inputs(name, 2, 5, 4)
    symbol = "sin" if name == "cache" else "cos"
    refuses(module, given | {symbol: given[symbol][..., :3]})
    wide = np.ones((*given["x"].shape[:-1], 7 if name == "part" else 25), np.float32)
    refuses(module, given | {"x": wide})


def test_the_reference_takes_them_too(tmp_path: Path) -> None:
    sizes = {"n": 2, "c": 3, "m": 2, "h": 7, "w": 8, "p": 3, "q": 2, "t": 4, "i": 3, "f": 5,
             "s": 4, "a": 2}  # fmt: skip
    conv, attributes = CONV["groups"]
    gru = recurrence("GRU", 1, known=True)
    del gru["lengths"]
    rotary = ROTARY["no_places"][0]
    for op, dims, names, given in (
        ("Conv", conv, list(conv), attributes),
        ("GRU", gru, ["x", "w", "r", "b", "", "h0"], {}),
        ("RotaryEmbedding", rotary, list(rotary), {"interleaved": 1}),
    ):
        path = tmp_path / f"{op}.onnx"
        path.write_bytes(model(op, names, symbolic(dims), **given))
        named = [
            f"--size={name}{i}={extent}"
            for name, shape in dims.items()
            for i, extent in enumerate(extents(shape, sizes))
            if isinstance(shape[i], str)
        ]
        subprocess.run([FOVEA, "verify", path, "-q", *named], check=True, capture_output=True)
