"""The parts of the Python package that need no compiled model."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import ctypes
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from build_tree import BUILD, require
from fovea import FoveaError, safetensors, tensors
from fovea.runtime_abi import DataType, VersionedTensor
from fovea.text import Graph

OPT = BUILD / "bin" / "fovea-opt"
F32 = DataType(2, 32, 1)


def test_safetensors_come_back_as_written(tmp_path: Path) -> None:
    path = tmp_path / "t.safetensors"
    written = {
        "b": np.arange(6, dtype=np.float32).reshape(2, 3),
        "empty": np.zeros((0, 4), np.int64),
        "flags": np.array([True, False]),
        "half": np.array(1.5, np.float16),
    }
    safetensors.write(path, written)
    assert safetensors.offsets(path)["b"][2] % 64 == 0
    for name, array in safetensors.read(path).items():
        np.testing.assert_array_equal(array, written[name])
        assert array.dtype == written[name].dtype


def test_errors_carry_code_node_and_hint() -> None:
    text = "m.onnx: node 'enc/attn' (Attention-25): error[FV0031]: what\n  why: so\n  try: this"
    error = FoveaError(text, code="INVALID_ARGUMENT")
    assert (error.code, error.node, error.hint) == ("FV0031", "enc/attn", "this")
    error = FoveaError("plain", code="DEVICE", node="n", hint="h")
    assert (error.code, error.node, error.hint) == ("DEVICE", "n", "h")


def test_arrays_are_read_in_place_with_their_strides() -> None:
    array = np.arange(24, dtype=np.float32).reshape(4, 6)[::2, ::-1]
    tensor, _ = tensors.as_input(array, "x", F32)
    assert tensor.data == array.ctypes.data
    assert [tensor.strides[i] for i in range(2)] == [12, -1]
    assert [tensor.shape[i] for i in range(2)] == [2, 6]


def test_dlpack_tensors_are_read_in_place() -> None:
    class Foreign:
        def __init__(self, array: np.ndarray) -> None:
            self.array = array

        def __dlpack__(self) -> object:
            return self.array.__dlpack__()

        def __dlpack_device__(self) -> tuple[int, int]:
            return self.array.__dlpack_device__()

    array = np.arange(6, dtype=np.int64).reshape(2, 3)
    tensor, _ = tensors.as_input(Foreign(array), "x", F32)
    assert tensor.data + tensor.byte_offset == array.ctypes.data
    assert (tensor.dtype.code, tensor.dtype.bits, tensor.ndim) == (0, 64, 2)


class OfDevice:
    """Claims another device for an array, and keeps what it was asked for."""

    def __init__(self, array: np.ndarray, kind: int) -> None:
        self.array, self.kind = array, kind
        self.streams: list[int | None] = []

    def __dlpack__(self, *, stream: int | None = None) -> object:
        self.streams.append(stream)
        return self.array.__dlpack__()

    def __dlpack_device__(self) -> tuple[int, int]:
        return (self.kind, 0)


class Exporter:
    """An array as DLPack has it; numpy gives read-only ones to those that know versions."""

    def __init__(self, array: np.ndarray) -> None:
        self.array = array

    def __dlpack__(self, **arguments: Any) -> object:
        return self.array.__dlpack__(**arguments)

    def __dlpack_device__(self) -> tuple[int, int]:
        return self.array.__dlpack_device__()


def test_read_only_dlpack_tensors_are_read_in_place() -> None:
    array = np.arange(6, dtype=np.float32).reshape(2, 3)[:, ::2]
    array.flags.writeable = False
    tensor, _ = tensors.as_input(Exporter(array), "x", F32)
    assert tensor.data + tensor.byte_offset == array.ctypes.data
    assert (tensor.ndim, tensor.dtype.bits) == (2, 32)
    assert [tensor.shape[i] for i in range(2)] == [2, 2]
    assert [tensor.strides[i] for i in range(2)] == [3, 2]


def test_another_version_of_dlpack_is_refused() -> None:
    managed = VersionedTensor(major=2, minor=5)
    new = ctypes.pythonapi.PyCapsule_New
    new.restype, new.argtypes = (
        ctypes.py_object,
        [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p],
    )
    capsule = new(ctypes.addressof(managed), b"dltensor_versioned", None)

    class Newer(Exporter):
        def __dlpack__(self, **_: Any) -> object:
            return capsule

    with pytest.raises(FoveaError, match=r"input 'x' came as DLPack 2.5, expected 1"):
        tensors.as_input(Newer(np.zeros(1)), "x", F32)


def test_tensors_of_cuda_are_asked_for_behind_the_default_stream() -> None:
    foreign = OfDevice(np.arange(6, dtype=np.float32), kind=2)
    tensor, _ = tensors.as_input(foreign, "x", F32)
    assert tensor.data + tensor.byte_offset == foreign.array.ctypes.data
    assert foreign.streams == [1]


def test_tensors_of_other_devices_are_refused() -> None:
    with pytest.raises(FoveaError, match="'x' is on device .8, 0., expected the CPU or CUDA"):
        tensors.as_input(OfDevice(np.zeros(2), kind=8), "x", F32)


def test_numbers_take_the_type_that_is_expected() -> None:
    tensor, _ = tensors.as_input(3, "x", DataType(0, 64, 1))
    assert (tensor.ndim, tensor.dtype.code, tensor.dtype.bits) == (0, 0, 64)
    assert ctypes.c_int64.from_address(tensor.data).value == 3


@pytest.mark.parametrize("array", [np.array(["a"]), np.zeros(2, ">f4"), np.zeros(2, complex)])
def test_types_that_no_model_has_are_refused(array: np.ndarray) -> None:
    with pytest.raises(FoveaError) as caught:
        tensors.as_input(array, "x", F32)
    assert caught.value.code == "DTYPE"
    assert "'x'" in str(caught.value)


def graph_of_everything() -> str:
    graph = Graph("step")
    graph.at("layer")
    ids = graph.input("ids", "i64", ("time",))
    state = graph.input("state", "f32", (1, 1, 4))
    table = graph.weight("table", (9, 4), "w.safetensors", 64)
    rows = graph.gather(table, ids, ("time", 1, 4))
    w = graph.weight("w", (1, 12, 4), "w.safetensors", 208)
    r = graph.weight("r", (1, 12, 4), "w.safetensors", 400)
    bias = graph.weight("bias", (1, 24), "w.safetensors", 592)
    _, last = graph.gru(rows, w, r, bias, state)
    flat = graph.collapse(last, [[0, 1], [2]], (1, 4))
    square, small = (
        graph.weight("fc", (4, 4), "w.safetensors", 688),
        graph.weight("fc_bias", (4,), "w.safetensors", 752),
    )
    graph.output("logits", graph.linear(flat, square, small))
    graph.output("rows", rows)
    return graph.text()


def test_written_modules_parse_and_verify(tmp_path: Path) -> None:
    require(OPT)
    path = tmp_path / "m.mlir"
    path.write_text(graph_of_everything())
    done = subprocess.run([OPT, path], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert 'fovea.shape = ["time", "", ""]' in done.stdout


def test_broken_modules_do_not_verify(tmp_path: Path) -> None:
    require(OPT)
    path = tmp_path / "m.mlir"
    path.write_text(graph_of_everything().replace("tensor<1x24xf32>", "tensor<1x23xf32>"))
    done = subprocess.run([OPT, path], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode != 0
    assert "gru_c1" in done.stderr
