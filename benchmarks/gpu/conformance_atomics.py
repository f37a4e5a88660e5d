"""Atomic operations of a lane on memory of its own, for conformance.py: inputs, results, kernels.

Cases and inputs are those of test/Runtime/Emulator/ConformanceAtomics.cpp; results follow the PTX
ISA's definition of `atom` here as well.
"""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import struct
from collections.abc import Iterator

LANES = 32

# By PTX's name: MLIR's, of floats and of integers.
SAYINGS = {"and": "andi", "or": "ori", "xor": "xori", "exch": "assign"}
# Formats of the values for struct.
FORMATS = {"u32": "I", "s32": "i", "f32": "f", "u64": "Q", "s64": "q"}


def mix(i: int) -> int:
    """Some number below 4096."""
    return (i * 2654435761 & 0xFFFFFFFF) >> 20


def kinds() -> Iterator[tuple[str, str]]:
    """What kernels can say: operation and type."""
    for operation in ("add", "min", "max", *SAYINGS, "cas"):
        types = ("s32", "u32", "s64", "u64") if operation in ("min", "max") else ("u32", "u64")
        yield from ((operation, dtype) for dtype in types)
    yield "add", "f32"


def size_of(dtype: str) -> int:
    """Words of a value."""
    return struct.calcsize(FORMATS[dtype]) // 4


def inputs(dtype: str) -> list[int]:
    """Of each lane: what is in memory, the operand, what it is compared with."""
    size = size_of(dtype)
    words = []
    for i in range(LANES * 3 * size):
        if dtype == "f32":
            words += struct.unpack("<I", struct.pack("<f", mix(i) - 2048))
        else:
            words.append(mix(i) if size == 2 and i % 2 == 0 else mix(i) - 2048 & 0xFFFFFFFF)
    for lane in range(0, LANES, 2):
        at = lane * 3 * size
        words[at + 2 * size : at + 3 * size] = words[at : at + size]
    return words


def results(operation: str, dtype: str) -> list[int]:
    """Of each lane: what was in memory, and what is there then."""
    words, size = inputs(dtype), size_of(dtype)
    form = "<3" + FORMATS[dtype]
    found: list[int] = []
    for lane in range(LANES):
        given = words[lane * 3 * size : (lane + 1) * 3 * size]
        memory, operand, compare = struct.unpack(form, struct.pack(f"<{3 * size}I", *given))
        after = {
            "add": lambda a, b: a + b,
            "min": min,
            "max": max,
            "and": lambda a, b: a & b,
            "or": lambda a, b: a | b,
            "xor": lambda a, b: a ^ b,
            "exch": lambda _, b: b,
            "cas": lambda a, b, c=compare: b if a == c else a,
        }[operation](memory, operand)
        if dtype in ("u32", "u64"):
            after %= 1 << 32 * size
        raw = struct.pack(f"<2{FORMATS[dtype]}", memory, after)
        found += struct.unpack(f"<{2 * size}I", raw)
    return found


def _value(name: str, place: int, dtype: str) -> list[str]:
    """Lines that read a value from the words of %in."""
    if size_of(dtype) == 1:
        lines = [f"    %{name}_bits = memref.load %in[%lane, %c{place}] : !in"]
        cast = "bitcast %{0}_bits : i32 to f32" if dtype == "f32" else "addi %{0}_bits, %none : i32"
        return [*lines, f"    %{name} = arith." + cast.format(name)]
    return [
        f"    %{name}_low = memref.load %in[%lane, %c{2 * place}] : !in",
        f"    %{name}_high = memref.load %in[%lane, %c{2 * place + 1}] : !in",
        f"    %{name}_l = arith.extui %{name}_low : i32 to i64",
        f"    %{name}_h = arith.extui %{name}_high : i32 to i64",
        f"    %{name}_up = arith.shli %{name}_h, %by : i64",
        f"    %{name} = arith.ori %{name}_l, %{name}_up : i64",
    ]


def _store(name: str, place: int, dtype: str) -> list[str]:
    """Lines that write a value to the words of %out."""
    if size_of(dtype) == 1:
        cast = "bitcast %{0} : f32 to i32" if dtype == "f32" else "addi %{0}, %none : i32"
        return [
            f"    %{name}_word = arith." + cast.format(name),
            f"    memref.store %{name}_word, %out[%lane, %c{place}] : !out",
        ]
    return [
        f"    %{name}_word0 = arith.trunci %{name} : i64 to i32",
        f"    %{name}_shifted = arith.shrui %{name}, %by : i64",
        f"    %{name}_word1 = arith.trunci %{name}_shifted : i64 to i32",
        f"    memref.store %{name}_word0, %out[%lane, %c{2 * place}] : !out",
        f"    memref.store %{name}_word1, %out[%lane, %c{2 * place + 1}] : !out",
    ]


def _exchange(type_: str, size: int) -> list[str]:
    """A comparison and exchange in the result itself, in the device's memory: MLIR has no operation
    on buffers for it."""
    return [
        "    %start = memref.extract_aligned_pointer_as_index %out : !out -> index",
        f"    %row = arith.constant {8 * size} : index",
        f"    %second = arith.constant {4 * size} : index",
        "    %behind = arith.muli %lane, %row : index",
        "    %place = arith.addi %start, %behind : index",
        "    %there = arith.addi %place, %second : index",
        "    %number = arith.index_cast %there : index to i64",
        "    %at = llvm.inttoptr %number : i64 to !llvm.ptr",
        f"    %both = llvm.cmpxchg %at, %compare, %operand acq_rel monotonic : !llvm.ptr, {type_}",
        f"    %before = llvm.extractvalue %both[0] : !llvm.struct<({type_}, i1)>",
    ]


def body(operation: str, dtype: str) -> str:
    """The kernel's lines, as conformance.Case has them."""
    type_ = dtype if dtype == "f32" else f"i{dtype[1:]}"
    shared = f"memref<{LANES}x{type_}, #gpu.address_space<workgroup>>"
    lines = ["    %none = arith.constant 0 : i32", "    %by = arith.constant 32 : i64"]
    for place, name in enumerate(("memory", "operand", "compare")):
        lines += _value(name, place, dtype)
    if operation == "cas":
        lines += _store("memory", 1, dtype) + _exchange(type_, size_of(dtype))
    else:
        kind = SAYINGS.get(operation, f"{operation}{'f' if dtype == 'f32' else 'i'}")
        if operation in ("min", "max"):
            kind = operation + dtype[0]
        lines += [
            f"    %s = fovea_warp.shared : {shared}",
            f"    memref.store %memory, %s[%lane] : {shared}",
            f"    %before = memref.atomic_rmw {kind} %operand, %s[%lane]"
            f" : ({type_}, {shared}) -> {type_}",
            f"    %after = memref.load %s[%lane] : {shared}",
            *_store("after", 1, dtype),
        ]
    return "\n".join([*lines, *_store("before", 0, dtype)])
