"""NVIDIA's driver by ctypes: memory, streams, events, graphs, and what it says of code it loads."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from ctypes import byref, c_char_p, c_float, c_int, c_size_t, c_uint, c_uint64, c_void_p

# CUdevice_attribute.
ATTRIBUTES = {
    "clock_khz": 13, "multiprocessors": 16, "memory_clock_khz": 36, "bus_bits": 37,
    "l2_bytes": 38, "threads_per_multiprocessor": 39, "capability_major": 75,
    "capability_minor": 76, "shared_per_multiprocessor": 81, "registers_per_multiprocessor": 82,
    "cooperative_launch": 95, "shared_per_block": 97,
}  # fmt: skip
# CUfunction_attribute.
FUNCTION = {"max_threads": 0, "static_shared": 1, "local_bytes": 3, "registers": 4,
            "ptx_version": 5, "binary_version": 6}  # fmt: skip
_LOG_BYTES = 16384
# CUjit_option: buffers for what the driver's assembler reports, and their sizes.
_JIT_OPTIONS = (3, 4, 5, 6)
_RELAXED_CAPTURE = 2
_SIGNATURES = {
    "cuInit": [c_uint],
    "cuDriverGetVersion": [c_void_p],
    "cuGetErrorName": [c_int, c_void_p],
    "cuGetErrorString": [c_int, c_void_p],
    "cuDeviceGet": [c_void_p, c_int],
    "cuDeviceGetCount": [c_void_p],
    "cuDeviceGetName": [c_char_p, c_int, c_int],
    "cuDeviceGetAttribute": [c_void_p, c_int, c_int],
    "cuDeviceTotalMem_v2": [c_void_p, c_int],
    "cuDevicePrimaryCtxRetain": [c_void_p, c_int],
    "cuCtxSetCurrent": [c_void_p],
    "cuCtxSynchronize": [],
    "cuMemGetInfo_v2": [c_void_p, c_void_p],
    "cuMemAlloc_v2": [c_void_p, c_size_t],
    "cuMemFree_v2": [c_uint64],
    "cuMemcpyHtoD_v2": [c_uint64, c_void_p, c_size_t],
    "cuMemcpyDtoH_v2": [c_void_p, c_uint64, c_size_t],
    "cuMemcpyDtoDAsync_v2": [c_uint64, c_uint64, c_size_t, c_void_p],
    "cuMemsetD32Async": [c_uint64, c_uint, c_size_t, c_void_p],
    "cuStreamCreate": [c_void_p, c_uint],
    "cuStreamSynchronize": [c_void_p],
    "cuStreamBeginCapture_v2": [c_void_p, c_int],
    "cuStreamEndCapture": [c_void_p, c_void_p],
    "cuGraphInstantiateWithFlags": [c_void_p, c_void_p, c_uint64],
    "cuGraphLaunch": [c_void_p, c_void_p],
    "cuGraphExecDestroy": [c_void_p],
    "cuGraphDestroy": [c_void_p],
    "cuEventCreate": [c_void_p, c_uint],
    "cuEventRecord": [c_void_p, c_void_p],
    "cuEventElapsedTime": [c_void_p, c_void_p, c_void_p],
    "cuModuleLoadDataEx": [c_void_p, c_void_p, c_uint, c_void_p, c_void_p],
    "cuModuleUnload": [c_void_p],
    "cuModuleGetFunction": [c_void_p, c_void_p, c_char_p],
    "cuFuncGetAttribute": [c_void_p, c_int, c_void_p],
}


class DriverError(Exception):
    """The driver is missing, or has refused something."""


class Driver:
    """The functions above, each raising DriverError with its name and the driver's words."""

    def __init__(self, library: str = "libcuda.so.1") -> None:
        try:
            self._library = ctypes.CDLL(library)
        except OSError as error:
            raise DriverError(f"there is no CUDA driver: {error}") from None
        for name, arguments in _SIGNATURES.items():
            if not hasattr(self._library, name):
                raise DriverError(f"the CUDA driver is too old: it has no {name}")
            getattr(self._library, name).argtypes = arguments
        self.call("cuInit", 0)

    def call(self, name: str, *arguments: object) -> None:
        code = getattr(self._library, name)(*arguments)
        if code:
            raise DriverError(f"{name}: {self.text(code)}")

    def text(self, code: int) -> str:
        name, words = c_char_p(), c_char_p()
        self._library.cuGetErrorName(code, byref(name))
        self._library.cuGetErrorString(code, byref(words))
        parts = [text.value.decode() for text in (name, words) if text.value]
        return f"{parts[0]} ({', '.join(parts[1:])})" if parts else f"error {code}"

    def version(self) -> str:
        number = c_int()
        self.call("cuDriverGetVersion", byref(number))
        return f"{number.value // 1000}.{number.value % 1000 // 10}"

    def handle(self, name: str, *arguments: object) -> int:
        """What a function writes to its first argument."""
        made = c_void_p()
        self.call(name, byref(made), *arguments)
        return made.value or 0

    def number(self, name: str, *arguments: object) -> int:
        made = c_int()
        self.call(name, byref(made), *arguments)
        return made.value

    def elapsed_ms(self, start: int, end: int) -> float:
        time = c_float()
        self.call("cuEventElapsedTime", byref(time), start, end)
        return time.value

    def device_facts(self, index: int) -> dict[str, object]:
        device = self.number("cuDeviceGet", index)
        name = ctypes.create_string_buffer(100)
        self.call("cuDeviceGetName", name, 100, device)
        total = c_size_t()
        self.call("cuDeviceTotalMem_v2", byref(total), device)
        facts: dict[str, object] = {"name": name.value.decode(), "memory_bytes": total.value}
        for key, number in ATTRIBUTES.items():
            facts[key] = self.number("cuDeviceGetAttribute", number, device)
        return facts

    def examine(self, code: bytes, kernels: Sequence[str]) -> dict[str, object]:
        """Loads a cubin or PTX text by itself: the driver's result, its assembler's log, and what
        it says of each kernel."""
        logs = [ctypes.create_string_buffer(_LOG_BYTES) for _ in range(2)]
        values = (c_void_p * 4)(ctypes.addressof(logs[0]), _LOG_BYTES, ctypes.addressof(logs[1]),
                                _LOG_BYTES)  # fmt: skip
        options = (c_int * 4)(*_JIT_OPTIONS)
        module = c_void_p()
        # PTX has to end in a zero.
        image = ctypes.create_string_buffer(code)
        result = self._library.cuModuleLoadDataEx(byref(module), image, 4, options, values)
        facts: dict[str, object] = {"result": self.text(result) if result else "loaded"}
        for key, log in zip(("info_log", "error_log"), logs, strict=True):
            if words := log.value.decode(errors="replace").strip():
                facts[key] = words
        if result:
            return facts
        facts["kernels"] = {name: self._kernel(module, name) for name in kernels}
        self.call("cuModuleUnload", module)
        return facts

    def _kernel(self, module: c_void_p, name: str) -> dict[str, object]:
        try:
            function = self.handle("cuModuleGetFunction", module, name.encode())
            return {key: self.number("cuFuncGetAttribute", number, function)
                    for key, number in FUNCTION.items()}  # fmt: skip
        except DriverError as error:
            return {"error": str(error)}

    def captured(self, stream: int, enqueue: object) -> tuple[int, int]:
        """What `enqueue()` puts on the stream, as a graph: the graph and its executable form."""
        self.call("cuStreamBeginCapture_v2", stream, _RELAXED_CAPTURE)
        try:
            enqueue()
        finally:
            graph = c_void_p()
            code = self._library.cuStreamEndCapture(stream, byref(graph))
        if code:
            raise DriverError(f"cuStreamEndCapture: {self.text(code)}")
        return graph.value, self.handle("cuGraphInstantiateWithFlags", graph.value, 0)
