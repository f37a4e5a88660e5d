"""numpy arrays and DLPack tensors as fovea_tensor, and back, without copies."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import ctypes
import math
import weakref
from typing import Any

import numpy as np

from fovea.errors import FoveaError
from fovea.libraries import runtime
from fovea.runtime_abi import DataType, Tensor, VersionedTensor

_KINDS = {"i": 0, "u": 1, "f": 2, "b": 6}
_CPU, _CUDA = 1, 2
# Newest version of DLPack whose tensors are read and given.
DLPACK = (1, 0)


def _bfloat16() -> np.dtype:
    try:
        import ml_dtypes
    except ImportError:
        raise FoveaError("bf16 tensors need the Python package ml_dtypes", code="DTYPE") from None
    return np.dtype(ml_dtypes.bfloat16)


def numpy_dtype(dtype: DataType) -> np.dtype:
    """The numpy type of a DLPack type."""
    if dtype.code == 4:
        return _bfloat16()
    if dtype.code == 6:
        return np.dtype(np.bool_)
    letter = {0: "i", 1: "u", 2: "f"}[dtype.code]
    return np.dtype(f"{letter}{dtype.bits // 8}")


def dlpack_type(dtype: np.dtype, name: str) -> DataType:
    """The DLPack type of a numpy type; `name` is the input that has it."""
    if dtype.name == "bfloat16":
        return DataType(4, 16, 1)
    if dtype.kind not in _KINDS or not dtype.isnative:
        raise FoveaError(f"input '{name}': numpy type {dtype} is not supported", code="DTYPE")
    return DataType(_KINDS[dtype.kind], 8 * dtype.itemsize, 1)


def shape_only(shape: tuple[int, ...]) -> tuple[Tensor, Any]:
    """A tensor without data, and what must outlive it."""
    sizes = (ctypes.c_int64 * max(len(shape), 1))(*shape)
    return Tensor(device=(_CPU, 0), ndim=len(shape), shape=sizes), sizes


def _from_numpy(array: np.ndarray, name: str) -> tuple[Tensor, Any]:
    step = array.itemsize
    if any(stride % step for stride in array.strides):
        array = np.ascontiguousarray(array)
    rank = max(array.ndim, 1)
    shape = (ctypes.c_int64 * rank)(*array.shape)
    strides = (ctypes.c_int64 * rank)(*(stride // step for stride in array.strides))
    tensor = Tensor(
        data=array.ctypes.data, device=(_CPU, 0), ndim=array.ndim,
        dtype=dlpack_type(array.dtype, name), shape=shape, strides=strides,
    )  # fmt: skip
    return tensor, (array, shape, strides)


def _from_dlpack(value: Any, name: str, stream: int | None) -> tuple[Tensor, Any]:
    kind = value.__dlpack_device__()[0]
    if kind not in (_CPU, _CUDA):
        raise FoveaError(
            f"input '{name}' is on device {value.__dlpack_device__()}, expected the CPU or CUDA",
            code="DEVICE",
        )
    # A run without a stream is ordered with the legacy default stream, which DLPack calls 1.
    arguments = {} if kind == _CPU else {"stream": 1 if stream is None else stream}
    try:
        # Read-only tensors are exported to consumers of this version alone.
        capsule = value.__dlpack__(max_version=DLPACK, **arguments)
    except TypeError:
        capsule = value.__dlpack__(**arguments)
    # The capsule stays unconsumed: it frees its tensor when it is dropped after the run.
    return _tensor_of(capsule, name), (capsule, value)


def _tensor_of(capsule: object, name: str) -> Tensor:
    python = ctypes.pythonapi
    python.PyCapsule_IsValid.argtypes = [ctypes.py_object, ctypes.c_char_p]
    python.PyCapsule_GetPointer.argtypes = [ctypes.py_object, ctypes.c_char_p]
    python.PyCapsule_GetPointer.restype = ctypes.c_void_p
    if not python.PyCapsule_IsValid(capsule, b"dltensor_versioned"):
        return Tensor.from_address(python.PyCapsule_GetPointer(capsule, b"dltensor"))
    address = python.PyCapsule_GetPointer(capsule, b"dltensor_versioned")
    managed = VersionedTensor.from_address(address)
    if managed.major != DLPACK[0]:
        raise FoveaError(
            f"input '{name}' came as DLPack {managed.major}.{managed.minor}, expected "
            f"{DLPACK[0]}; give a numpy array",
            code="INVALID_ARGUMENT",
        )
    return managed.tensor


def as_input(
    value: Any, name: str, expected: DataType, stream: int | None = None
) -> tuple[Tensor, Any]:
    """A tensor that a run on `stream` reads `value` by, and what must outlive it. Python numbers
    and lists take the type that the model expects; arrays keep theirs."""
    if isinstance(value, (np.ndarray, np.generic)):
        return _from_numpy(np.asarray(value), name)
    if hasattr(value, "__dlpack__"):
        return _from_dlpack(value, name, stream)
    return _from_numpy(np.asarray(value, dtype=numpy_dtype(expected)), name)


def from_output(tensor: Tensor, buffer: int) -> np.ndarray:
    """An array over a detached output, which frees `buffer` when nothing uses it any more."""
    shape = tuple(tensor.shape[dim] for dim in range(tensor.ndim))
    dtype = numpy_dtype(tensor.dtype)
    count = math.prod(shape)
    if count == 0:
        runtime().fovea_buffer_free(buffer)
        return np.empty(shape, dtype)
    memory = (ctypes.c_uint8 * (count * dtype.itemsize)).from_address(
        tensor.data + tensor.byte_offset
    )
    weakref.finalize(memory, runtime().fovea_buffer_free, buffer)
    return np.frombuffer(memory, dtype=dtype).reshape(shape)
