"""Models that declare far more than they hold are refused before memory is taken for it."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from build_tree import PROGRAM

pytest.importorskip("onnx")

import campaign  # noqa: E402
import corpus  # noqa: E402
import onnx  # noqa: E402
from onnx import TensorProto, helper, numpy_helper  # noqa: E402

HUGE = 2**31
# A sound model of a few bytes takes less than this, by far; a bomb would take gigabytes.
MOST_BYTES = 256 * 2**20


def onnx_bomb(kind: str, inputs: list[str], *constants: np.ndarray) -> bytes:
    names = [f"c{i}" for i in range(len(constants))]
    node = helper.make_node(kind, [*inputs, *names], ["y"], name="bomb")
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 1])
    y = helper.make_empty_tensor_value_info("y")
    y.type.tensor_type.elem_type = TensorProto.FLOAT
    tensors = [numpy_helper.from_array(c, n) for c, n in zip(constants, names, strict=True)]
    graph = helper.make_graph([node], "g", [x], [y], tensors)
    opsets = [helper.make_opsetid("", 17)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=8).SerializeToString()


def shape(*sizes: int) -> np.ndarray:
    return np.array(sizes, np.int64)


def initializer_bomb() -> bytes:
    model = onnx.ModelProto.FromString(onnx_bomb("Add", ["x"], np.zeros((1, 1), np.float32)))
    model.graph.initializer[0].dims[0] = 2**62
    return model.SerializeToString()


def mlir(types: str, body: str, result: str) -> bytes:
    return f"func.func @main({types}) -> {result} {{\n{body}\n}}\n".encode()


WIDE = "tensor<4611686018427387904x4xf32>"
WEIGHT = "tensor<1073741824x4xf32>"

BOMBS: dict[str, tuple[str, Callable[[], bytes]]] = {
    "expand": ("m.onnx", lambda: onnx_bomb("Expand", ["x"], shape(HUGE, HUGE))),
    "tile": ("m.onnx", lambda: onnx_bomb("Tile", ["x"], shape(HUGE, HUGE))),
    "constant_of_shape": ("m.onnx", lambda: onnx_bomb("ConstantOfShape", [], shape(HUGE, HUGE))),
    "pad": ("m.onnx", lambda: onnx_bomb("Pad", ["x"], shape(HUGE, HUGE, HUGE, HUGE))),
    "range": ("m.onnx", lambda: onnx_bomb("Range", [], *map(np.int64, (0, 2**62, 1)))),
    "initializer": ("m.onnx", initializer_bomb),
    "argument": ("m.mlir", lambda: mlir(f"%x: {WIDE}", f"return %x : {WIDE}", WIDE)),
    "nested_type": ("m.mlir", lambda: mlir(
        "%x: tensor<1xf32>", f"%e = tensor.empty() : {WIDE}\nreturn %x : tensor<1xf32>",
        "tensor<1xf32>")),
    "weight": ("m.mlir", lambda: f'fovea.weight @w from "w.bin" : {WEIGHT}\n'.encode() + mlir(
        "", f"%w = fovea.get_weight @w : {WEIGHT}\nreturn %w : {WEIGHT}", WEIGHT)),
    "deep_text": ("m.mlir", lambda: b"func.func @main() attributes {a = " + b"[" * 200_000),
}  # fmt: skip


def ended(folder: Path, *arguments: str, program: Path = PROGRAM) -> campaign.End:
    return campaign.run_limited([str(program), *arguments, "-q"], folder)


def expect_refusal(end: campaign.End) -> None:
    assert end.code == 3, end.stderr
    assert end.stderr.count("error") == 1, end.stderr
    assert end.peak_bytes < MOST_BYTES


@pytest.mark.parametrize(
    "script",
    ["exit 3", "echo error >&2; exit 4", "echo error error >&2; exit 3",
     "head -c 600000000 /dev/zero | tail -c 599999999 > /dev/null; echo error >&2; exit 3"],
)  # fmt: skip
def test_what_is_no_refusal_is_noticed(tmp_path: Path, script: str) -> None:
    fake = tmp_path / "fake"
    fake.write_text(f"#!/bin/sh\n{script}\n")
    fake.chmod(0o755)
    with pytest.raises(AssertionError):
        expect_refusal(ended(tmp_path, program=fake))


@pytest.mark.parametrize("name", BOMBS)
def test_declared_sizes_are_refused(tmp_path: Path, name: str) -> None:
    file, make = BOMBS[name]
    (tmp_path / file).write_bytes(make())
    (tmp_path / "w.bin").write_bytes(bytes(64))
    expect_refusal(ended(tmp_path, "compile", file))


def test_a_constant_of_one_value_is_not_spelled_out(tmp_path: Path) -> None:
    kind = "tensor<1073741824xf32>"
    body = f"%r = arith.constant dense<1.0> : {kind}\nreturn %r : {kind}"
    (tmp_path / "m.mlir").write_bytes(mlir("", body, kind))
    end = ended(tmp_path, "compile", "m.mlir")
    assert end.code == 0, end.stderr
    assert end.peak_bytes < MOST_BYTES


@pytest.mark.parametrize("length", [99_999_999, 100_000_001, 2**62, 2**64 - 1])
def test_safetensors_headers_are_refused(tmp_path: Path, length: int) -> None:
    corpus.write_bert(tmp_path / "m")
    file = tmp_path / "m" / "model.safetensors"
    file.write_bytes(struct.pack("<Q", length) + file.read_bytes()[8:])
    expect_refusal(ended(tmp_path, "compile", "m"))


@pytest.mark.parametrize("size", [2**33, 2**62, 2**64 - 1])
def test_sections_of_artefacts_are_refused(tmp_path: Path, size: int) -> None:
    corpus.write_bert(tmp_path / "m")
    made = ended(tmp_path, "compile", "m")
    assert made.code == 0, made.stderr
    data = bytearray((tmp_path / "m.fvm").read_bytes())
    for record in range(128, 128 + 128 * struct.unpack_from("<I", data, 32)[0], 128):
        forged = bytearray(data)
        struct.pack_into("<Q", forged, record + 48, size)
        (tmp_path / "m.fvm").write_bytes(forged)
        expect_refusal(ended(tmp_path, "run", "m.fvm"))


# Three sizes that are known only in the run: what is made of them is 2^63 elements.
PRODUCT = """
#all = affine_map<(a, b, c) -> (a, b, c)>
func.func @main(%x: tensor<?xf32> {fovea.shape = ["n"]}, %y: tensor<?xf32> {fovea.shape = ["m"]},
    %z: tensor<?xf32> {fovea.shape = ["k"]}) -> tensor<?xf32> {
  %c0 = arith.constant 0 : index
  %n = tensor.dim %x, %c0 : tensor<?xf32>
  %m = tensor.dim %y, %c0 : tensor<?xf32>
  %k = tensor.dim %z, %c0 : tensor<?xf32>
  %e = tensor.empty(%n, %m, %k) : tensor<?x?x?xf32>
  %p = linalg.generic {indexing_maps = [affine_map<(a, b, c) -> (a)>, affine_map<(a, b, c) -> (b)>,
      affine_map<(a, b, c) -> (c)>, #all], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%x, %y, %z : tensor<?xf32>, tensor<?xf32>, tensor<?xf32>)
      outs(%e : tensor<?x?x?xf32>) {
    ^bb0(%u: f32, %v: f32, %w: f32, %old: f32):
      %uv = arith.mulf %u, %v : f32
      %uvw = arith.mulf %uv, %w : f32
      linalg.yield %uvw : f32
    } -> tensor<?x?x?xf32>
  %s = linalg.softmax dimension(2) ins(%p : tensor<?x?x?xf32>)
      outs(%e : tensor<?x?x?xf32>) -> tensor<?x?x?xf32>
  %r = tensor.extract_slice %s[0, 0, 0] [%n, 1, 1] [1, 1, 1] : tensor<?x?x?xf32> to tensor<?xf32>
  return %r : tensor<?xf32>
}
"""


def test_an_arena_that_overflows_is_a_status(tmp_path: Path) -> None:
    (tmp_path / "m.mlir").write_text(PRODUCT)
    sizes = [f"--size={name}={2**21}" for name in "nmk"]
    end = ended(tmp_path, "run", "m.mlir", *sizes)
    assert end.code == 5, end.stderr
    assert "memory" in end.stderr
    small = [f"--size={name}=3" for name in "nmk"]
    assert ended(tmp_path, "run", "m.mlir", *small).code == 0
