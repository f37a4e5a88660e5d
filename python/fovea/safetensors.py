"""Reads and writes safetensors files with numpy."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np

_DTYPES = {
    "F64": "<f8", "F32": "<f4", "F16": "<f2", "I64": "<i8", "I32": "<i4", "I16": "<i2",
    "I8": "i1", "U8": "u1", "BOOL": "?",
}  # fmt: skip
_NAMES = {np.dtype(text): name for name, text in _DTYPES.items()}


def offsets(path: str | os.PathLike[str]) -> dict[str, tuple[str, tuple[int, ...], int]]:
    """Dtype name, shape and offset in the file of every tensor."""
    with Path(path).open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        header = json.loads(file.read(length))
    header.pop("__metadata__", None)
    return {
        name: (entry["dtype"], tuple(entry["shape"]), 8 + length + entry["data_offsets"][0])
        for name, entry in header.items()
    }


def read(path: str | os.PathLike[str]) -> dict[str, np.ndarray]:
    """All tensors, mapped read-only."""
    data = np.memmap(path, mode="r", dtype=np.uint8)
    tensors = {}
    for name, (dtype, shape, offset) in offsets(path).items():
        kind = np.dtype(_DTYPES[dtype])
        part = data[offset : offset + math.prod(shape) * kind.itemsize]
        tensors[name] = part.view(kind).reshape(shape)
    return tensors


def write(path: str | os.PathLike[str], tensors: Mapping[str, np.ndarray]) -> None:
    """Writes tensors in the order given, the data 64-byte aligned."""
    header, offset = {}, 0
    for name, array in tensors.items():
        header[name] = {
            "dtype": _NAMES[array.dtype],
            "shape": list(array.shape),
            "data_offsets": [offset, offset + array.nbytes],
        }
        offset += array.nbytes
    text = json.dumps(header).encode()
    text += b" " * (-(8 + len(text)) % 64)
    with Path(path).open("wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for array in tensors.values():
            file.write(np.ascontiguousarray(array).tobytes())
