"""Compiled programs: loaded by the runtime's C interface, run on tensors of either memory."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import ctypes
import math
import os
import struct
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from fovea.errors import FoveaError
from fovea.libraries import runtime
from fovea.runtime_abi import ContextOptions, DataType, Tensor, check

__all__ = ["Artifact", "Call", "FoveaError", "Shaped", "code_sections", "kernel_table"]
DTYPES = {
    "f32": (2, 32), "f16": (2, 16), "bf16": (4, 16), "f64": (2, 64), "i32": (0, 32), "i64": (0, 64),
    "i16": (0, 16), "i8": (0, 8), "u8": (1, 8), "bool": (6, 8),
}  # fmt: skip
_CPU = 1
# Kind of a section with code.
_CODE = 2


@dataclass(frozen=True)
class Shaped:
    """A dense tensor somewhere: `place` is DLPack's number of its device."""

    dtype: str
    shape: tuple[int, ...]
    pointer: int
    place: int = _CPU

    @property
    def bytes(self) -> int:
        return DTYPES[self.dtype][1] // 8 * math.prod(self.shape)

    def tensor(self) -> Tensor:
        code, bits = DTYPES[self.dtype]
        sizes = (ctypes.c_int64 * max(len(self.shape), 1))(*self.shape)
        return Tensor(data=self.pointer, device=(self.place, 0), ndim=len(self.shape),
                      dtype=DataType(code, bits, 1), shape=sizes)  # fmt: skip


class Artifact:
    """A loaded .fvm. Freed when the process ends: a visit has few."""

    def __init__(self, path: Path) -> None:
        self._library = runtime()
        self.handle, self.context = ctypes.c_void_p(), ctypes.c_void_p()
        status = self._library.fovea_module_load_file(
            os.fsencode(path), None, ctypes.byref(self.handle)
        )
        check(self._library, status)
        options = ContextOptions()
        self._library.fovea_context_options_init(ctypes.byref(options))
        options.threads = 1
        status = self._library.fovea_context_create(
            self.handle, ctypes.byref(options), ctypes.byref(self.context)
        )
        check(self._library, status)

    def close(self) -> None:
        """Gives the device's memory back."""
        self._library.fovea_context_free(self.context)
        self._library.fovea_module_free(self.handle)

    def call(self, entry: str, inputs: Sequence[Shaped], outputs: Sequence[Shaped]) -> Call:
        return Call(self, entry, inputs, outputs)


class Call:
    """An entry with its tensors, set up once."""

    def __init__(
        self, artifact: Artifact, entry: str, inputs: Sequence[Shaped], outputs: Sequence[Shaped]
    ) -> None:
        self._library, self._artifact, self._entry = runtime(), artifact, entry.encode()
        self._inputs = (Tensor * max(len(inputs), 1))(*(one.tensor() for one in inputs))
        self._outputs = (Tensor * max(len(outputs), 1))(*(one.tensor() for one in outputs))
        self._counts = len(inputs), len(outputs)

    def run(self, stream: int | None = None) -> None:
        """Queued on the stream; without one it has ended when the call returns."""
        status = self._library.fovea_context_run(
            self._artifact.context, self._entry, self._inputs, self._counts[0], self._outputs,
            self._counts[1], stream,
        )  # fmt: skip
        check(self._library, status)

    def synchronize(self) -> None:
        """Waits for runs on streams; raises what a kernel has found wrong in the data."""
        check(self._library, self._library.fovea_context_synchronize(self._artifact.context))


class _Kernel(ctypes.Structure):
    """fovea_device_kernel of fovea_device_abi.h."""

    _fields_ = [
        ("name", ctypes.c_char_p), ("threads", ctypes.c_int32), ("shared_bytes", ctypes.c_int32),
        ("words", ctypes.c_int32), ("cooperative", ctypes.c_int32), ("atomics", ctypes.c_int32),
        ("site_count", ctypes.c_int32), ("emulated", ctypes.c_void_p), ("sites", ctypes.c_void_p),
    ]  # fmt: skip


def code_sections(path: Path) -> dict[str, bytes]:
    """The code of an artefact by its target, that of the host as "cpu" (docs/Spec-fvm.md)."""
    data = path.read_bytes()
    (count,) = struct.unpack_from("<I", data, 32)
    found = {}
    for place in range(count):
        kind, _, target, offset, size = struct.unpack_from("<II32sQQ", data, 128 + 128 * place)
        if kind == _CODE:
            found[target.rstrip(b"\0").decode()] = data[offset : offset + size]
    return found


def kernel_table(host_code: bytes) -> dict[str, dict[str, int]]:
    """How the host's code launches each kernel."""
    with tempfile.NamedTemporaryFile(suffix=".so") as file:
        file.write(host_code)
        file.flush()
        library = ctypes.CDLL(file.name)
    count = ctypes.c_int64.in_dll(library, "fovea_device_kernel_count").value
    kernels = (_Kernel * count).in_dll(library, "fovea_device_kernels")
    return {kernel.name.decode(): {"threads": kernel.threads, "shared": kernel.shared_bytes,
                                   "cooperative": kernel.cooperative}
            for kernel in kernels}  # fmt: skip
