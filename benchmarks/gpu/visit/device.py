"""Where runs happen: a GPU by its driver, or for a dry run the emulator on the host's memory."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import contextlib
import ctypes
import time
from collections.abc import Callable, Iterator
from ctypes import byref, c_size_t, c_uint64

from .driver import Driver, DriverError

# Written between timed runs, so that no input is in a cache: twice the largest, and long enough for
# the host to have queued the run by the time it ends.
_LEAST_FLUSH = 256 << 20
_ALIGNMENT = 256


class Device:
    """A GPU; its memory is addresses. The stream is the one on which all runs are timed."""

    kind = "cuda"
    # DLPack's number.
    type = 2

    def __init__(self, index: int = 0) -> None:
        self.driver = Driver()
        if index >= self.driver.number("cuDeviceGetCount"):
            raise DriverError("the CUDA driver finds no device; see CUDA_VISIBLE_DEVICES")
        self.facts = self.driver.device_facts(index)
        context = self.driver.handle("cuDevicePrimaryCtxRetain", index)
        self.driver.call("cuCtxSetCurrent", context)
        self.stream = self.driver.handle("cuStreamCreate", 0)
        self._flushed = 0
        self._events: list[int] = []
        self._size = max(_LEAST_FLUSH, 2 * int(self.facts["l2_bytes"]))

    def allocate(self, size: int) -> int:
        pointer = c_uint64()
        self.driver.call("cuMemAlloc_v2", byref(pointer), max(size, 1))
        return pointer.value

    def free(self, pointer: int) -> None:
        self.driver.call("cuMemFree_v2", pointer)

    def write(self, pointer: int, data: bytes) -> None:
        self.driver.call("cuMemcpyHtoD_v2", pointer, data, len(data))

    def read(self, pointer: int, size: int) -> bytes:
        data = ctypes.create_string_buffer(size)
        self.driver.call("cuMemcpyDtoH_v2", data, pointer, size)
        return data.raw

    def copy(self, to: int, source: int, size: int) -> None:
        self.driver.call("cuMemcpyDtoDAsync_v2", to, source, size, self.stream)

    def free_bytes(self) -> int:
        free, total = c_size_t(), c_size_t()
        self.driver.call("cuMemGetInfo_v2", byref(free), byref(total))
        return free.value

    def flush(self) -> None:
        """Writes more than the caches hold."""
        if not self._flushed:
            self._flushed = self.allocate(self._size)
        self.driver.call("cuMemsetD32Async", self._flushed, 1, self._size // 4, self.stream)

    def mark(self) -> int:
        """An event behind what the stream has; `between_us` needs it to have come to pass."""
        event = self._events.pop() if self._events else self.driver.handle("cuEventCreate", 0)
        self.driver.call("cuEventRecord", event, self.stream)
        return event

    def between_us(self, start: int, end: int) -> float:
        self._events += [start, end]
        return 1e3 * self.driver.elapsed_ms(start, end)

    def synchronize(self) -> None:
        self.driver.call("cuCtxSynchronize")

    def is_lost(self) -> str:
        """Why the device takes no more work, or nothing."""
        try:
            self.synchronize()
        except DriverError as error:
            return str(error)
        return ""

    @contextlib.contextmanager
    def graph(self, enqueue: Callable[[], None]) -> Iterator[Callable[[], None]]:
        """A function that launches again what `enqueue` puts on the stream."""
        graph, executable = self.driver.captured(self.stream, enqueue)
        try:
            yield lambda: self.driver.call("cuGraphLaunch", executable, self.stream)
        finally:
            self.synchronize()
            self.driver.call("cuGraphExecDestroy", executable)
            self.driver.call("cuGraphDestroy", graph)


class EmulatedDevice:
    """The same on the host: runs have ended when they return, and times are the host's."""

    kind = "emulated"
    type = 1
    stream = None
    driver = None

    def __init__(self) -> None:
        self.facts = {"name": "emulator", "l2_bytes": 0, "multiprocessors": 1}
        self._memory: dict[int, ctypes.Array[ctypes.c_char]] = {}

    def allocate(self, size: int) -> int:
        memory = ctypes.create_string_buffer(size + _ALIGNMENT)
        start = ctypes.addressof(memory)
        pointer = start + -start % _ALIGNMENT
        self._memory[pointer] = memory
        return pointer

    def free(self, pointer: int) -> None:
        del self._memory[pointer]

    def write(self, pointer: int, data: bytes) -> None:
        ctypes.memmove(pointer, data, len(data))

    def read(self, pointer: int, size: int) -> bytes:
        return ctypes.string_at(pointer, size)

    def copy(self, to: int, source: int, size: int) -> None:
        ctypes.memmove(to, source, size)

    def free_bytes(self) -> int:
        return 1 << 30

    def flush(self) -> None:
        pass

    def mark(self) -> float:
        return time.perf_counter()

    def between_us(self, start: float, end: float) -> float:
        return 1e6 * (end - start)

    def synchronize(self) -> None:
        pass

    def is_lost(self) -> str:
        return ""

    @contextlib.contextmanager
    def graph(self, enqueue: Callable[[], None]) -> Iterator[Callable[[], None]]:
        yield enqueue


AnyDevice = Device | EmulatedDevice


def open_device(emulated: bool) -> AnyDevice:
    return EmulatedDevice() if emulated else Device()
