"""Broadcasting between symbolic sizes: any of them may be 1 in a run. The reference is NumPy."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import fovea
import numpy as np
import pytest
from onnx import NodeProto, TensorProto, helper, numpy_helper

Dims = tuple[int | str, ...]
INFO = helper.make_tensor_value_info
RNG = np.random.default_rng(7)
FOVEA = Path(os.environ.get("FOVEA_BUILD_DIR", "build")) / "bin" / "fovea"
# Sizes of two symbols that broadcast, and such that do not.
PAIRS = [(5, 5), (1, 5), (5, 1), (1, 1), (0, 1), (1, 0), (0, 0)]
BAD = [(2, 5), (5, 2), (0, 2), (2, 0)]


def model(
    nodes: list[NodeProto], inputs: dict[str, Dims], types: dict[str, int] | None = None
) -> bytes:
    kinds = types or {}
    infos = [INFO(name, kinds.get(name, TensorProto.FLOAT), dims) for name, dims in inputs.items()]
    results = [INFO("y", kinds.get("y", TensorProto.FLOAT), None)]
    graph = helper.make_graph(nodes, "g", infos, results)
    opset = [helper.make_opsetid("", 23)]
    return bytes(helper.make_model(graph, opset_imports=opset, ir_version=10).SerializeToString())


def node(op: str, *inputs: str, **attributes) -> NodeProto:
    return helper.make_node(op, list(inputs), ["y"], name="here", **attributes)


def normal(*shape: int) -> np.ndarray:
    return RNG.standard_normal(shape).astype(np.float32)


def refuses(module: fovea.Module, **inputs: np.ndarray) -> None:
    with pytest.raises(fovea.FoveaError, match="node 'here'"):
        module(**inputs)


BINARY: dict[str, Callable] = {
    "Add": np.add,
    "Div": np.divide,
    "Max": np.maximum,
    "Mean": lambda a, b: (a + b) / np.float32(2),
    "Less": np.less,
    "PRelu": lambda a, b: np.where(a < 0, a * b, a),
}


@pytest.mark.parametrize("op", BINARY)
def test_two_operands(op: str) -> None:
    types = {"y": TensorProto.BOOL} if op == "Less" else None
    dims = {"a": ("p", 3, "r"), "b": ("q", 3, "s")}
    module = fovea.compile(model([node(op, "a", "b")], dims, types))
    for p, q in PAIRS:
        for r, s in PAIRS:
            a, b = normal(p, 3, r), normal(q, 3, s)
            got = module(a=a, b=b)["y"]
            np.testing.assert_allclose(got, BINARY[op](a, b), rtol=1e-6)
    for p, q in BAD:
        refuses(module, a=normal(p, 3, 4), b=normal(q, 3, 4))
        refuses(module, a=normal(4, 3, p), b=normal(1, 3, q))


@pytest.mark.parametrize(
    ("op", "function"),
    [
        ("BitwiseXor", np.bitwise_xor),
        ("Mod", lambda a, b: np.mod(a, b)),
        ("Pow", lambda a, b: a**b),
    ],
)
def test_integers(op: str, function: Callable) -> None:
    types = dict.fromkeys("aby", TensorProto.INT32)
    module = fovea.compile(model([node(op, "a", "b")], {"a": ("p",), "b": (2, "q")}, types))
    for p, q in PAIRS:
        a, b = (RNG.integers(1, 5, size, np.int32) for size in ((p,), (2, q)))
        np.testing.assert_array_equal(module(a=a, b=b)["y"], function(a, b))


@pytest.mark.parametrize("op", ["Max", "Sum", "Where"])
def test_three_operands(op: str) -> None:
    types = {"a": TensorProto.BOOL} if op == "Where" else None
    dims = {"a": ("p",), "b": ("q",), "c": ("r",)}
    module = fovea.compile(model([node(op, "a", "b", "c")], dims, types))
    for sizes in [(4, 4, 4), (1, 4, 1), (4, 1, 1), (1, 1, 4), (1, 4, 4), (1, 1, 1), (1, 0, 1)]:
        a, b, c = (normal(size) for size in sizes)
        if op == "Where":
            a = a < 0
            want = np.where(a, b, c)
        else:
            want = np.maximum(np.maximum(a, b), c) if op == "Max" else a + b + c
        np.testing.assert_allclose(module(a=a, b=b, c=c)["y"], want, rtol=1e-6)
    for sizes in [(4, 3, 4), (4, 4, 3), (1, 3, 4)]:
        a, b, c = (normal(size) for size in sizes)
        refuses(module, a=a < 0 if op == "Where" else a, b=b, c=c)


def test_a_size_that_is_known() -> None:
    module = fovea.compile(model([node("Add", "a", "b")], {"a": ("p",), "b": (2, 4)}))
    b = normal(2, 4)
    for size in (1, 4):
        a = normal(size)
        np.testing.assert_array_equal(module(a=a, b=b)["y"], a + b)
    refuses(module, a=normal(3), b=b)


def test_expand() -> None:
    types = {"b": TensorProto.INT64}
    module = fovea.compile(model([node("Expand", "a", "b")], {"a": ("p", 3), "b": (3,)}, types))
    for p, q in PAIRS:
        a = normal(p, 3)
        got = module(a=a, b=np.array([2, q, 1]))["y"]
        np.testing.assert_array_equal(got, a * np.ones((2, q, 1), np.float32))
    for p, q in [*BAD, (1, -1)]:
        refuses(module, a=normal(p, 3), b=np.array([2, q, 1]))


@pytest.mark.parametrize("op", ["MatMul", "Einsum"])
def test_batches_of_products(op: str) -> None:
    attributes = {"equation": "bmk,bkn->bmn"} if op == "Einsum" else {}
    dims = {"a": ("p", "m", 8), "b": ("q", 8, "n")}
    module = fovea.compile(model([node(op, "a", "b", **attributes)], dims))
    for p, q in PAIRS:
        a, b = normal(p, 3, 8), normal(q, 8, 2)
        # A sum of 8 products of about 1, in f32.
        np.testing.assert_allclose(module(a=a, b=b)["y"], a @ b, atol=1e-5)
    for p, q in BAD:
        refuses(module, a=normal(p, 3, 8), b=normal(q, 8, 2))


def test_the_term_of_gemm_is_expanded_alone() -> None:
    dims = {"a": ("m", 8), "b": (8, "n"), "c": ("p", "q")}
    module = fovea.compile(model([node("Gemm", "a", "b", "c")], dims))
    a, b = normal(3, 8), normal(8, 4)
    for shape in [(3, 4), (1, 4), (3, 1), (1, 1)]:
        c = normal(*shape)
        np.testing.assert_allclose(module(a=a, b=b, c=c)["y"], a @ b + c, atol=1e-5)
    for shape in [(2, 4), (3, 2), (0, 4)]:
        refuses(module, a=a, b=b, c=normal(*shape))
    refuses(module, a=normal(1, 8), b=b, c=normal(3, 4))


def test_a_common_size_goes_on() -> None:
    nodes = [
        helper.make_node("Relu", ["a"], ["r"]),
        helper.make_node("Mul", ["r", "b"], ["t"]),
        helper.make_node("Sub", ["t", "a"], ["u"]),
        helper.make_node("Add", ["u", "t"], ["y"]),
    ]
    module = fovea.compile(model(nodes, {"a": ("p", 3), "b": ("q", 3)}))
    for p, q in PAIRS:
        a, b = normal(p, 3), normal(q, 3)
        product = np.maximum(a, 0) * b
        np.testing.assert_allclose(module(a=a, b=b)["y"], product - a + product, atol=1e-6)


def attention(mask: Dims) -> bytes:
    nodes = [
        helper.make_node("Transpose", ["k"], ["kt"], perm=[0, 1, 3, 2]),
        helper.make_node("MatMul", ["q", "kt"], ["scores"]),
        helper.make_node("Add", ["scores", "mask"], ["masked"], name="here"),
        helper.make_node("Softmax", ["masked"], ["weights"], axis=-1),
        helper.make_node("MatMul", ["weights", "v"], ["y"], name="values"),
    ]
    dims: dict[str, Dims] = dict.fromkeys("qkv", ("B", 2, "T", 16))
    return model(nodes, {**dims, "q": ("B", 2, "S", 16), "mask": mask})


def attended(q: np.ndarray, k: np.ndarray, v: np.ndarray, mask: np.ndarray) -> np.ndarray:
    scores = (q @ k.swapaxes(2, 3) + mask).astype(np.float64)
    weights = np.exp(scores - scores.max(-1, keepdims=True))
    return weights / weights.sum(-1, keepdims=True) @ v


def test_a_mask_with_sizes_of_its_own() -> None:
    module = fovea.compile(attention(("B2", 1, "S2", "T2")))
    for batch, length in [((2, 2), (3, 3)), ((2, 1), (3, 1)), ((1, 2), (1, 3)), ((1, 1), (3, 3))]:
        q, k, v = (normal(batch[0], 2, rows, 16) for rows in (length[0], 5, 5))
        for keys in (1, 5):
            mask = normal(batch[1], 1, length[1], keys)
            got = module(q=q, k=k, v=v, mask=mask)["y"]
            np.testing.assert_allclose(got, attended(q, k, v, mask), atol=1e-5)
    refuses(module, q=q, k=k, v=v, mask=normal(1, 1, 3, 4))


def kernels(folder: Path, data: bytes, *options: str) -> list[str]:
    path = folder / "model.onnx"
    path.write_bytes(data)
    command = [FOVEA, "explain", path, "--json", "-q", f"--dump={folder}", *options]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return json.dumps(json.loads(text)).split('"')


@pytest.mark.parametrize("mask", [("B", 1, 1, "T"), ("B2", 1, "S2", "T2")])
def test_attention_is_fused_whatever_the_mask(mask: Dims, tmp_path: Path) -> None:
    assert "fovea.attention" in kernels(tmp_path, attention(mask), "--require-fused")


def test_equal_symbols_need_no_branch(tmp_path: Path) -> None:
    kernels(tmp_path, attention(("B", 1, 1, "T")))
    assert "scf.if" not in (tmp_path / "import.mlir").read_text()
    kernels(tmp_path, attention(("B2", 1, 1, "T")))
    assert "scf.if" in (tmp_path / "import.mlir").read_text()


def test_a_table_that_is_cut_to_the_length_needs_no_branch(tmp_path: Path) -> None:
    table = normal(64, 3)
    nodes = [
        helper.make_node("Constant", [], ["table"], value=numpy_helper.from_array(table)),
        helper.make_node("Constant", [], ["zero"], value_ints=[0]),
        helper.make_node("Shape", ["a"], ["length"], start=0, end=1),
        helper.make_node("Slice", ["table", "zero", "length", "zero"], ["rows"]),
        node("Add", "a", "rows"),
    ]
    data = model(nodes, {"a": ("length", 3)})
    kernels(tmp_path, data)
    assert "scf.if" not in (tmp_path / "import.mlir").read_text()
    module = fovea.compile(data)
    for length in (0, 1, 5, 64):
        a = normal(length, 3)
        np.testing.assert_array_equal(module(a=a)["y"], a + table[:length])
    refuses(module, a=normal(65, 3))


def test_the_reference_broadcasts_too(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(attention(("B2", 1, "S2", "T2")))
    for sizes in [(2, 2, 3, 3), (1, 2, 1, 3), (2, 1, 3, 1)]:
        named = [
            f"--size={name}={n}" for name, n in zip(("B", "B2", "S", "S2"), sizes, strict=True)
        ]
        command = [FOVEA, "verify", path, "-q", *named, "--size=T=5", "--size=T2=5"]
        subprocess.run(command, check=True, capture_output=True)
