"""Outputs that stay where the kernels wrote them, for others to take by DLPack."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import ctypes
import weakref
from collections.abc import Callable
from typing import Any

import numpy as np

from fovea.libraries import runtime
from fovea.runtime_abi import ManagedTensor, Tensor, VersionedTensor
from fovea.tensors import DLPACK, numpy_dtype

# Of this module's own: others set other types on ctypes.pythonapi.
_PYTHON = ctypes.PyDLL(None)
_PYTHON.PyCapsule_New.restype = ctypes.py_object
_PYTHON.PyCapsule_New.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]
_PYTHON.PyCapsule_IsValid.argtypes = [ctypes.c_void_p, ctypes.c_char_p]
_PYTHON.PyCapsule_GetPointer.argtypes = [ctypes.c_void_p, ctypes.c_char_p]
_PYTHON.PyCapsule_GetPointer.restype = ctypes.c_void_p
# Capsules keep these pointers.
_PLAIN, _VERSIONED = b"dltensor", b"dltensor_versioned"
# What has been exported, by its address, with what it is a view of.
_EXPORTED: dict[int, tuple[Any, object]] = {}


@ctypes.CFUNCTYPE(None, ctypes.c_void_p)
def _delete(address: int) -> None:
    """The consumer needs it no more."""
    _EXPORTED.pop(address, None)


@ctypes.CFUNCTYPE(None, ctypes.c_void_p)
def _drop(capsule: int) -> None:
    """A capsule ends; one that nobody has consumed still has its first name."""
    for name in (_PLAIN, _VERSIONED):
        if _PYTHON.PyCapsule_IsValid(capsule, name):
            _EXPORTED.pop(_PYTHON.PyCapsule_GetPointer(capsule, name), None)


class _Buffer:
    """Owns memory of an output."""

    def __init__(self, handle: int) -> None:
        weakref.finalize(self, runtime().fovea_buffer_free, handle)


class DeviceTensor:
    """An output in the memory of the device that wrote it, dense. Its memory lasts as long as this
    object and whatever has taken it by DLPack, and is then freed in the order of the context's
    runs. DLPack orders streams on the way to a consumer and not on the way back, and consumers give
    a tensor back without waiting: what they have queued on it must have ended before the last of
    these objects does."""

    def __init__(
        self, tensor: Tensor, buffer: int, stream: int | None, wait: Callable[[], None]
    ) -> None:
        self._tensor = Tensor.from_buffer_copy(tensor)
        self._buffer = _Buffer(buffer)
        self._stream = stream
        self._wait = wait

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(self._tensor.shape[dim] for dim in range(self._tensor.ndim))

    @property
    def dtype(self) -> np.dtype:
        return numpy_dtype(self._tensor.dtype)

    def __dlpack_device__(self) -> tuple[int, int]:
        return self._tensor.device.device_type, self._tensor.device.device_id

    def __dlpack__(
        self,
        *,
        stream: int | None = None,
        max_version: tuple[int, int] | None = None,
        dl_device: tuple[int, int] | None = None,
        copy: bool | None = None,
    ) -> object:
        """A capsule with the tensor, which the consumer may use on `stream` at once. Where the run
        was queued on another stream, this waits for it."""
        if copy or dl_device not in (None, self.__dlpack_device__()):
            raise BufferError("the tensor is given where it is, without a copy")
        if self._stream is not None and stream != self._stream:
            self._wait()
        deleter = ctypes.cast(_delete, ctypes.c_void_p)
        made: ManagedTensor | VersionedTensor
        if max_version is not None and max_version[0] >= DLPACK[0]:
            name = _VERSIONED
            made = VersionedTensor(*DLPACK, deleter=deleter, tensor=self._tensor)
        else:
            name, made = _PLAIN, ManagedTensor(tensor=self._tensor, deleter=deleter)
        address = ctypes.addressof(made)
        _EXPORTED[address] = (made, self._buffer)
        return _PYTHON.PyCapsule_New(address, name, ctypes.cast(_drop, ctypes.c_void_p))

    def __repr__(self) -> str:
        return f"<fovea.DeviceTensor {self.shape} {self.dtype} on {self.__dlpack_device__()}>"
