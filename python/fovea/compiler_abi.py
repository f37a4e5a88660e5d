"""compiler/Driver/fovea_compiler.h for ctypes."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import ctypes
from ctypes import POINTER, c_char_p, c_size_t, c_void_p

from fovea.libraries import declare
from fovea.runtime_abi import declare_status


def declare_all(library: ctypes.CDLL) -> None:
    """Sets the signatures of all functions that this package calls."""
    declare_status(library)
    handle, text = POINTER(c_void_p), c_char_p
    signatures: dict[str, tuple[object, ...]] = {
        "options_create": (c_void_p,),
        "options_set": (c_void_p, c_void_p, text, text),
        "options_free": (None, c_void_p),
        "compile_file": (c_void_p, text, c_void_p, handle),
        "compile_text": (c_void_p, c_void_p, c_size_t, text, c_void_p, handle),
        "compile_onnx": (c_void_p, c_void_p, c_size_t, text, c_void_p, handle),
        "artifact_bytes": (c_void_p, c_void_p, POINTER(c_size_t)),
        "artifact_save": (c_void_p, c_void_p, text),
        "artifact_free": (None, c_void_p),
        "query_targets": (c_void_p, handle),
        "query_operators": (c_void_p, handle),
        "text_data": (text, c_void_p),
        "text_free": (None, c_void_p),
    }
    for name, (result, *arguments) in signatures.items():
        declare(library, f"fovea_{name}", result, *arguments)
