"""runtime/include/fovea_runtime.h for ctypes."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import ctypes
from ctypes import (
    POINTER,
    Structure,
    c_char_p,
    c_int32,
    c_int64,
    c_size_t,
    c_uint8,
    c_uint16,
    c_uint32,
    c_uint64,
    c_void_p,
)

from fovea.errors import FoveaError
from fovea.libraries import declare

CODES = {
    1: "INVALID_ARGUMENT", 2: "BAD_ARTIFACT", 3: "INCOMPATIBLE", 4: "SHAPE_MISMATCH",
    5: "DATA_OUT_OF_RANGE", 6: "OUT_OF_MEMORY", 7: "DEVICE", 8: "INTERNAL",
}  # fmt: skip


class Device(Structure):
    _fields_ = [("device_type", c_int32), ("device_id", c_int32)]


class DataType(Structure):
    _fields_ = [("code", c_uint8), ("bits", c_uint8), ("lanes", c_uint16)]


class Tensor(Structure):
    """fovea_tensor, which has the layout of DLTensor."""

    _fields_ = [
        ("data", c_void_p), ("device", Device), ("ndim", c_int32), ("dtype", DataType),
        ("shape", POINTER(c_int64)), ("strides", POINTER(c_int64)), ("byte_offset", c_uint64),
    ]  # fmt: skip


class ManagedTensor(Structure):
    """DLManagedTensor."""

    _fields_ = [("tensor", Tensor), ("manager", c_void_p), ("deleter", c_void_p)]


class VersionedTensor(Structure):
    """DLManagedTensorVersioned."""

    _fields_ = [
        ("major", c_uint32), ("minor", c_uint32), ("manager", c_void_p), ("deleter", c_void_p),
        ("flags", c_uint64), ("tensor", Tensor),
    ]  # fmt: skip


class IoInfo(Structure):
    _fields_ = [
        ("name", c_char_p), ("dtype", c_char_p), ("type", DataType), ("rank", c_int32),
        ("dims", POINTER(c_int64)), ("symbols", POINTER(c_char_p)), ("on_host", c_int32),
    ]  # fmt: skip


class Plan(Structure):
    _fields_ = [("arena_bytes", c_int64), ("scratch_bytes", c_int64), ("peak_bytes", c_int64)]


class ContextOptions(Structure):
    _fields_ = [
        ("struct_size", c_size_t), ("threads", c_int32), ("spin_us", c_int32),
        ("alloc", c_void_p), ("free", c_void_p), ("user", c_void_p),
        ("parallel_for", c_void_p), ("parallel_for_user", c_void_p), ("replay", c_int32),
        ("emulate_seed", c_uint32),
    ]  # fmt: skip


def declare_status(library: ctypes.CDLL) -> None:
    """The functions of fovea_status, which both libraries export."""
    declare(library, "fovea_status_code", ctypes.c_int, c_void_p)
    declare(library, "fovea_status_message", c_char_p, c_void_p)
    declare(library, "fovea_status_node", c_char_p, c_void_p)
    declare(library, "fovea_status_free", None, c_void_p)


def declare_all(library: ctypes.CDLL) -> None:
    """Sets the signatures of all functions that this package calls."""
    declare_status(library)
    handle, tensors, text = POINTER(c_void_p), POINTER(Tensor), c_char_p
    signatures: dict[str, tuple[object, ...]] = {
        "version": (text,),
        "abi_version": (c_uint32,),
        "device_open": (c_void_p, text, c_int32, handle),
        "device_free": (None, c_void_p),
        "module_load_file": (c_void_p, text, c_void_p, handle),
        "module_load_memory": (c_void_p, c_void_p, c_size_t, c_void_p, handle),
        "module_free": (None, c_void_p),
        "module_manifest": (text, c_void_p),
        "module_ledger": (text, c_void_p),
        "module_target": (text, c_void_p),
        "module_entry_count": (c_int64, c_void_p),
        "module_entry_name": (text, c_void_p, c_int64),
        "module_input_count": (c_int64, c_void_p, text),
        "module_output_count": (c_int64, c_void_p, text),
        "module_input_info": (c_void_p, c_void_p, text, c_int64, POINTER(IoInfo)),
        "module_output_info": (c_void_p, c_void_p, text, c_int64, POINTER(IoInfo)),
        "module_plan": (c_void_p, c_void_p, text, tensors, c_int64, c_int32, POINTER(Plan)),
        "context_options_init": (None, POINTER(ContextOptions)),
        "context_create": (c_void_p, c_void_p, POINTER(ContextOptions), handle),
        "context_free": (None, c_void_p),
        "context_threads": (c_int32, c_void_p),
        "context_replays": (c_int64, c_void_p),
        "context_run": (
            c_void_p, c_void_p, text, tensors, c_int64, tensors, c_int64, c_void_p,
        ),
        "context_synchronize": (c_void_p, c_void_p),
        "context_device": (Device, c_void_p),
        "context_detach": (c_void_p, c_void_p, c_int64, handle),
        "buffer_free": (None, c_void_p),
    }  # fmt: skip
    for name, (result, *arguments) in signatures.items():
        declare(library, f"fovea_{name}", result, *arguments)


def check(library: ctypes.CDLL, status: int | None) -> None:
    """Raises what a status says, and frees it."""
    if not status:
        return
    try:
        code = library.fovea_status_code(status)
        message = library.fovea_status_message(status).decode(errors="replace")
        node = library.fovea_status_node(status).decode(errors="replace")
    finally:
        library.fovea_status_free(status)
    raise FoveaError(message, code=CODES.get(code, str(code)), node=node)
