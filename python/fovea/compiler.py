"""fovea.compile: a model in, a module that runs out."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import ctypes
import os
import weakref
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from fovea.errors import FoveaError
from fovea.libraries import compiler, runtime
from fovea.module import Module, RunSettings, opened_device
from fovea.runtime_abi import check


def _is_text(model: str) -> bool:
    """True for MLIR text rather than a path: no path has a line break or a brace."""
    return "\n" in model or "{" in model


def _option_texts(value: object) -> list[str]:
    """The texts of an option; a list or tuple gives it several times."""
    values = value if isinstance(value, list | tuple) else [value]
    return [str(one).lower() if isinstance(one, bool) else str(one) for one in values]


@contextmanager
def _options(settings: list[tuple[str, str]]) -> Iterator[int]:
    library = compiler()
    handle = library.fovea_options_create()
    try:
        for key, value in settings:
            check(library, library.fovea_options_set(handle, key.encode(), value.encode()))
        yield handle
    finally:
        library.fovea_options_free(handle)


class _Artifact:
    """Owns what the compiler made."""

    def __init__(self, handle: int) -> None:
        self.handle = handle
        weakref.finalize(self, compiler().fovea_artifact_free, handle)

    def save(self, path: Path) -> None:
        library = compiler()
        check(library, library.fovea_artifact_save(self.handle, os.fsencode(path)))


def compile(  # noqa: A001
    model: str | os.PathLike[str] | bytes,
    target: str = "host",
    dims: Mapping[str, int] | None = None,
    threads: int = 0,
    device: str | None = None,
    replay: bool = False,
    emulate_seed: int = 0,
    **options: object,
) -> Module:
    """Compiles an ONNX file, a Hugging Face folder, a file of MLIR text, MLIR text itself, or the
    bytes of an ONNX model (ModelProto.SerializeToString).

    target is "host" or a target of the command line; dims fixes symbolic dimensions by name;
    options are those of the command line with _ for -, and a list for one that may be repeated:
    pass_plugin="libpasses.so", after=["import:cse", "graph:my-pass"]. threads is the number that
    runs use, 0 for the one the model was tuned for; device, replay and emulate_seed are those of
    fovea.load.
    """
    run_settings = RunSettings(threads, replay, emulate_seed)
    library = compiler()
    settings = [("target", target)]
    settings += [("dim", f"{name}={int(size)}") for name, size in (dims or {}).items()]
    for key, value in options.items():
        settings += [(key.replace("_", "-"), text) for text in _option_texts(value)]
    made = ctypes.c_void_p()
    with _options(settings) as handle:
        if isinstance(model, bytes):
            status = library.fovea_compile_onnx(
                model, len(model), b"<onnx>", handle, ctypes.byref(made)
            )
        elif isinstance(model, str) and _is_text(model):
            text = model.encode()
            status = library.fovea_compile_text(
                text, len(text), b"<text>", handle, ctypes.byref(made)
            )
        else:
            if not Path(model).exists():
                raise FoveaError(f"{os.fspath(model)}: no such file or folder", code="FV0001")
            status = library.fovea_compile_file(os.fsencode(model), handle, ctypes.byref(made))
        check(library, status)
    artifact = _Artifact(made.value)
    size = ctypes.c_size_t()
    data = library.fovea_artifact_bytes(artifact.handle, ctypes.byref(size))
    module = ctypes.c_void_p()
    with opened_device(device) as opened:
        status = runtime().fovea_module_load_memory(data, size.value, opened, ctypes.byref(module))
        check(runtime(), status)
    return Module(module.value, run_settings, artifact.save)
