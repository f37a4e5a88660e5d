"""Loaded models: what they take, what they give, running them."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import contextlib
import ctypes
import dataclasses
import json
import os
import shutil
import tempfile
import threading
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from fovea import tensors
from fovea.device_tensors import DeviceTensor
from fovea.errors import FoveaError
from fovea.libraries import runtime
from fovea.runtime_abi import ContextOptions, DataType, Device, IoInfo, Plan, Tensor, check

# Runs on streams whose inputs a thread keeps.
MOST_QUEUED = 1024


@dataclasses.dataclass(frozen=True)
class RunSettings:
    """How runs are made: threads, 0 for the number that the model was tuned for; replay, whether a
    run on a GPU that repeats the one before is recorded as a graph and replayed; emulate_seed, the
    order of threads and the landing of copies in emulated kernels."""

    threads: int = 0
    replay: bool = False
    emulate_seed: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.emulate_seed < 1 << 32:
            raise FoveaError(
                f"emulate_seed is {self.emulate_seed}, expected 0 to {(1 << 32) - 1}",
                code="INVALID_ARGUMENT",
            )


@contextlib.contextmanager
def opened_device(name: str | None) -> Iterator[int | None]:
    """The runtime's handle of a device by name: "cpu", "cuda", "cuda:1"; None for None."""
    if name is None:
        yield None
        return
    kind, colon, index = name.partition(":")
    if colon and not (index.isascii() and index.isdigit() and len(index) < 10):
        raise FoveaError(
            f"device '{name}': expected a kind and a number, as 'cuda:1'", code="INVALID_ARGUMENT"
        )
    library = runtime()
    handle = ctypes.c_void_p()
    check(library, library.fovea_device_open(kind.encode(), int(index or 0), ctypes.byref(handle)))
    try:
        yield handle.value
    finally:
        library.fovea_device_free(handle)


@dataclasses.dataclass(frozen=True)
class TensorInfo:
    """One input or output: sizes are numbers, symbols' names, or None when data decides. An input
    that is `on_host` must be in the host's memory whatever device runs the module."""

    name: str
    dtype: str
    shape: tuple[int | str | None, ...]
    type: DataType = dataclasses.field(repr=False, compare=False)
    on_host: bool = False

    def __str__(self) -> str:
        sizes = "x".join("?" if size is None else str(size) for size in self.shape)
        return f"{self.name}: {sizes + 'x' if sizes else ''}{self.dtype}"


def _info(raw: IoInfo) -> TensorInfo:
    shape: list[int | str | None] = []
    for dim in range(raw.rank):
        symbol = raw.symbols[dim] if raw.symbols else None
        size = raw.dims[dim]
        shape.append(symbol.decode() if symbol else size if size >= 0 else None)
    dtype = DataType(raw.type.code, raw.type.bits, raw.type.lanes)
    return TensorInfo(raw.name.decode(), raw.dtype.decode(), tuple(shape), dtype, bool(raw.on_host))


class _Context:
    """Owns a context of the runtime; dropped with its thread or module. Results on a device make
    others wait for it, so that a run and a wait hold its lock."""

    def __init__(self, handle: int) -> None:
        self.handle = handle
        self.lock = threading.RLock()
        self._queued: list[object] = []
        weakref.finalize(self, runtime().fovea_context_free, handle)

    def keep(self, values: object) -> None:
        """Keeps what the next queued run uses until somebody waits for it; behind MOST_QUEUED runs
        that is now, so that not more and more is kept."""
        if len(self._queued) >= MOST_QUEUED:
            self.synchronize()
        self._queued.append(values)

    def synchronize(self) -> None:
        """Waits for the runs that have been queued."""
        library = runtime()
        with self.lock:
            try:
                check(library, library.fovea_context_synchronize(self.handle))
            finally:
                self._queued.clear()


class _Loaded:
    """Owns a module of the runtime, and a context for every thread that runs it."""

    def __init__(self, handle: int, settings: RunSettings) -> None:
        self.handle = handle
        self._settings = settings
        self._local = threading.local()
        weakref.finalize(self, runtime().fovea_module_free, handle)

    def context(self) -> _Context:
        """The calling thread's context."""
        if (context := getattr(self._local, "context", None)) is None:
            library = runtime()
            options = ContextOptions()
            library.fovea_context_options_init(ctypes.byref(options))
            options.threads = self._settings.threads
            options.replay = self._settings.replay
            options.emulate_seed = self._settings.emulate_seed
            made = ctypes.c_void_p()
            status = library.fovea_context_create(
                self.handle, ctypes.byref(options), ctypes.byref(made)
            )
            check(library, status)
            context = self._local.context = _Context(made.value)
        return context

    def synchronize(self) -> None:
        """Waits for the runs that the calling thread has queued."""
        self.context().synchronize()


class Entry:
    """One function of a module. Calling it runs it; threads may call it at the same time."""

    def __init__(self, loaded: _Loaded, name: str) -> None:
        self._loaded = loaded
        self.name = name
        self.inputs = self._infos("input")
        self.outputs = self._infos("output")

    def _infos(self, side: str) -> list[TensorInfo]:
        library, handle, name = runtime(), self._loaded.handle, self.name.encode()
        count = getattr(library, f"fovea_module_{side}_count")(handle, name)
        infos = []
        for index in range(count):
            raw = IoInfo()
            function = getattr(library, f"fovea_module_{side}_info")
            check(library, function(handle, name, index, ctypes.byref(raw)))
            infos.append(_info(raw))
        return infos

    def _arrange(self, positional: Sequence[Any], named: Mapping[str, Any]) -> list[Any]:
        """Values in the order of the inputs."""
        names = [info.name for info in self.inputs]
        if len(positional) > len(names):
            raise FoveaError(
                f"{self.name} takes {len(names)} inputs ({', '.join(names)}), "
                f"{len(positional)} given",
                code="INVALID_ARGUMENT",
            )
        values = dict(zip(names, positional, strict=False))
        for name, value in named.items():
            if name not in names or name in values:
                what = "twice" if name in values else f"is not one of {', '.join(names)}"
                raise FoveaError(f"input '{name}' {what}", code="INVALID_ARGUMENT")
            values[name] = value
        if missing := [name for name in names if name not in values]:
            raise FoveaError(f"missing inputs: {', '.join(missing)}", code="INVALID_ARGUMENT")
        return [values[name] for name in names]

    def __call__(self, *positional: Any, **named: Any) -> dict[str, np.ndarray]:
        """Runs with inputs by position or name; gives the outputs by name."""
        return self._run(self._arrange(positional, named), None, None)

    def run(
        self,
        inputs: Mapping[str, Any] | Sequence[Any],
        outputs: str = "host",
        stream: int | None = None,
    ) -> dict[str, Any]:
        """Runs with inputs by name or by position. With `outputs` "device", results stay where the
        kernels write them: each is a DeviceTensor. With `stream`, a CUDA stream as DLPack numbers
        them, the run is queued there; results for the host are waited for, those on a device may
        be used on that stream at once, and elsewhere behind `synchronize`. Faults that the data
        causes are told by the wait; inputs of runs on a stream are kept until then. Every 1024th
        run of a thread on streams waits for those before it, so that not more are kept."""
        if stream is not None and stream < 0:
            raise FoveaError(
                f"stream is {stream}, expected a CUDA stream, 1 for the default one",
                code="INVALID_ARGUMENT",
            )
        # What CUDA calls 0 is the legacy default stream, 1 by DLPack's numbers.
        stream = 1 if stream == 0 else stream
        if outputs not in ("host", "device"):
            raise FoveaError(
                f"outputs is '{outputs}', expected 'host' or 'device'", code="INVALID_ARGUMENT"
            )
        named = isinstance(inputs, Mapping)
        values = self._arrange(() if named else inputs, inputs if named else {})
        device = runtime().fovea_context_device(self._loaded.context().handle)
        return self._run(values, device if outputs == "device" else None, stream)

    def _run(
        self, values: Sequence[Any], device: Device | None, stream: int | None
    ) -> dict[str, Any]:
        library = runtime()
        context = self._loaded.context()
        inputs = (Tensor * max(len(values), 1))()
        keep = []
        for index, (info, value) in enumerate(zip(self.inputs, values, strict=True)):
            inputs[index], owner = tensors.as_input(value, info.name, info.type, stream)
            keep.append(owner)
        count = len(self.outputs)
        outputs = (Tensor * max(count, 1))()
        for output in outputs:
            output.device = device or output.device
        with context.lock:
            if stream is not None:
                context.keep(keep)
            check(
                library,
                library.fovea_context_run(
                    context.handle, self.name.encode(), inputs, len(values), outputs, count, stream
                ),
            )
            del keep
            if stream is not None and device is None:
                context.synchronize()
            return self._results(context, outputs, device, stream)

    def _results(
        self, context: _Context, outputs: Any, device: Device | None, stream: int | None
    ) -> dict[str, Any]:
        """What the context's last run has written."""
        library, results = runtime(), {}
        for index, info in enumerate(self.outputs):
            buffer = ctypes.c_void_p()
            check(library, library.fovea_context_detach(context.handle, index,
                                                       ctypes.byref(buffer)))
            if device is None:
                results[info.name] = tensors.from_output(outputs[index], buffer.value)
            else:
                results[info.name] = DeviceTensor(
                    outputs[index], buffer.value, stream, context.synchronize
                )
        return results

    def peak_bytes(self, threads: int = 1, **dims: int) -> int:
        """Bytes of memory that a run needs with these values of the symbolic dimensions, without
        weights and outputs."""
        library = runtime()
        shapes = (Tensor * max(len(self.inputs), 1))()
        keep = []
        for index, info in enumerate(self.inputs):
            if unknown := [s for s in info.shape if isinstance(s, str) and s not in dims]:
                raise FoveaError(
                    f"no value for dimension {', '.join(unknown)} of '{info.name}'",
                    code="INVALID_ARGUMENT",
                )
            sizes = tuple(dims[s] if isinstance(s, str) else int(s or 0) for s in info.shape)
            shapes[index], owner = tensors.shape_only(sizes)
            shapes[index].dtype = info.type
            keep.append(owner)
        plan = Plan()
        status = library.fovea_module_plan(
            self._loaded.handle, self.name.encode(), shapes, len(self.inputs), threads,
            ctypes.byref(plan),
        )  # fmt: skip
        check(library, status)
        return plan.peak_bytes


class Module:
    """A loaded artefact. Calling it runs its first entry."""

    def __init__(
        self,
        handle: int,
        settings: RunSettings = RunSettings(),  # noqa: B008
        writer: Callable[[Path], None] | None = None,
    ) -> None:
        library = runtime()
        self._loaded = _Loaded(handle, settings)
        self._writer = writer
        names = [
            library.fovea_module_entry_name(handle, index).decode()
            for index in range(library.fovea_module_entry_count(handle))
        ]
        self.entries = {name: Entry(self._loaded, name) for name in names}
        self._first = self.entries[names[0]]

    def __call__(self, *positional: Any, **named: Any) -> dict[str, np.ndarray]:
        """Runs the first entry with inputs by position or name; gives the outputs by name."""
        return self._first(*positional, **named)

    def run(
        self,
        inputs: Mapping[str, Any] | Sequence[Any],
        outputs: str = "host",
        stream: int | None = None,
    ) -> dict[str, Any]:
        """As Entry.run, of the first entry."""
        return self._first.run(inputs, outputs, stream)

    def synchronize(self) -> None:
        """Waits for the runs that the calling thread has queued on streams, and raises the first
        fault among them."""
        self._loaded.synchronize()

    @property
    def inputs(self) -> list[TensorInfo]:
        return self._first.inputs

    @property
    def outputs(self) -> list[TensorInfo]:
        return self._first.outputs

    def peak_bytes(self, threads: int = 1, **dims: int) -> int:
        """As Entry.peak_bytes, of the first entry."""
        return self._first.peak_bytes(threads, **dims)

    @property
    def threads(self) -> int:
        """Threads that a run uses."""
        return runtime().fovea_context_threads(self._loaded.context().handle)

    @property
    def replays(self) -> int:
        """How many runs of the calling thread were replayed."""
        return runtime().fovea_context_replays(self._loaded.context().handle)

    @property
    def target(self) -> str:
        return runtime().fovea_module_target(self._loaded.handle).decode()

    @property
    def manifest(self) -> dict[str, Any]:
        return json.loads(runtime().fovea_module_manifest(self._loaded.handle))

    @property
    def ledger(self) -> Any:
        """What was fused, what was not and why; None when the artefact carries no ledger."""
        text = runtime().fovea_module_ledger(self._loaded.handle)
        return json.loads(text) if text else None

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes the artefact; a file at `path` is replaced in one step."""
        if self._writer is None:
            raise FoveaError("this module has no artefact to save", code="INVALID_ARGUMENT")
        self._writer(Path(path))

    def __repr__(self) -> str:
        inputs = ", ".join(map(str, self.inputs))
        outputs = ", ".join(map(str, self.outputs))
        return f"<fovea.Module {self._first.name}({inputs}) -> ({outputs})>"


def _copy_file(source: Path, target: Path) -> None:
    with tempfile.NamedTemporaryFile(dir=target.parent, delete=False) as temporary:
        try:
            with source.open("rb") as stream:
                shutil.copyfileobj(stream, temporary)
            temporary.flush()
            os.fsync(temporary.fileno())
            shutil.copymode(source, temporary.name)
            Path(temporary.name).replace(target)
        except BaseException:
            Path(temporary.name).unlink()
            raise


def load(
    path: str | os.PathLike[str],
    threads: int = 0,
    device: str | None = None,
    replay: bool = False,
    emulate_seed: int = 0,
) -> Module:
    """Loads a .fvm, which is native code: load only what you trust. `threads` 0 is the number that
    the model was tuned for. `device` is the GPU of a model that has kernels for one, "cuda:1", by
    default the first. With `replay`, a run on a GPU that repeats the one before is recorded as a
    graph and replayed. `emulate_seed` decides the order of threads and the landing of copies where
    kernels are emulated; results do not depend on it."""
    settings = RunSettings(threads, replay, emulate_seed)
    library = runtime()
    handle = ctypes.c_void_p()
    source = Path(path).resolve()
    with opened_device(device) as opened:
        status = library.fovea_module_load_file(os.fsencode(source), opened, ctypes.byref(handle))
        check(library, status)
    return Module(handle.value, settings, lambda target: _copy_file(source, target))
