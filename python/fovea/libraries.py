"""Finds and opens the two shared libraries, each with its symbols to itself (RTLD_LOCAL)."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import ctypes
import functools
import os
from collections.abc import Iterator
from pathlib import Path

from fovea.errors import FoveaError

_PACKAGE = Path(__file__).resolve().parent
_ROOT = _PACKAGE.parent.parent


def _places() -> Iterator[Path]:
    """Folders to look in: the build that FOVEA_BUILD_DIR names, the package, the checkout."""
    if build := os.environ.get("FOVEA_BUILD_DIR"):
        yield Path(build) / "lib"
    yield _PACKAGE / "lib"
    yield _ROOT / "build" / "lib"


def _open(name: str, remedy: str) -> ctypes.CDLL:
    for folder in _places():
        if (path := folder / name).exists():
            return ctypes.CDLL(str(path), mode=ctypes.RTLD_LOCAL)
    try:
        return ctypes.CDLL(name, mode=ctypes.RTLD_LOCAL)
    except OSError as error:
        raise FoveaError(f"cannot load {name}: {error}", code="LIBRARY", hint=remedy) from None


def declare(library: ctypes.CDLL, name: str, result: object, *arguments: object) -> None:
    """Sets the C signature of one function."""
    function = getattr(library, name)
    function.restype = result
    function.argtypes = list(arguments)


@functools.cache
def runtime() -> ctypes.CDLL:
    """libfovea-runtime with all signatures set."""
    from fovea import runtime_abi

    library = _open("libfovea-runtime.so", "build it (./dev build) or set FOVEA_BUILD_DIR")
    runtime_abi.declare_all(library)
    return library


@functools.cache
def compiler() -> ctypes.CDLL:
    """libfovea-compiler with all signatures set."""
    from fovea import compiler_abi

    library = _open(
        "libfovea-compiler.so", "build it (./dev build), or load a compiled .fvm with fovea.load"
    )
    compiler_abi.declare_all(library)
    return library
