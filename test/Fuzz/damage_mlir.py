"""Damage of MLIR text that keeps much of it legal, to reach what lies behind the parser."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import random
import re

from damage import EXTREMES

_TYPES = ["f32", "f64", "f16", "bf16", "i1", "i8", "i32", "i64", "index", "ui8", "complex<f32>",
          "vector<4xf32>", "f8E4M3FN", "i128"]  # fmt: skip
_SIZES = ["0", "1", "2", "3", "5", "7", "16", "64", "?", "4096", "1048576", "1073741824",
          "4294967296", "4611686018427387904"]  # fmt: skip
# Operations that can stand for one another: equal numbers of operands and results.
_ALIKE = [
    ["arith.addf", "arith.mulf", "arith.subf", "arith.divf", "arith.maximumf", "arith.minnumf",
     "arith.remf", "math.powf", "math.atan2", "math.copysign"],
    ["math.exp", "math.tanh", "math.erf", "math.log", "math.sin", "math.rsqrt", "math.absf",
     "math.cbrt", "math.floor", "math.acosh", "arith.negf", "math.exp2"],
    ["arith.cmpi sle", "arith.cmpi eq", "arith.cmpi ugt", "arith.cmpi ne", "arith.cmpi slt"],
    ["#fovea.gate<i>", "#fovea.gate<o>", "#fovea.gate<f>", "#fovea.gate<c>", "#fovea.gate<z>"],
    ["sigmoid", "tanh", "relu", "leaky_relu", "hard_sigmoid", "softsign", "elu", "scaled_tanh"],
    ["bidirectional", "forward", "reverse"], ["#fovea.reset<after>", "#fovea.reset<before>"],
    ["fovea.layer_norm", "fovea.rms_norm"], ["fovea.lstm", "fovea.gru"],
    ["(b, h, i, d)", "(b, i, h, d)", "(i, b, h, d)", "(b, h, j, d)", "(h, i, j)", "(b, h, i)"],
    ["parallel", "reduction", "window"], ["shape", "index", "length", "memory"],
    ["llvm.fadd", "llvm.fmul", "llvm.fdiv"], ["memref.load", "vector.load", "memref.store"],
    ["llvm.noalias", "llvm.nonnull", "fovea.entry", "fovea_kernel.kernel", "fovea.phase"],
]  # fmt: skip
_ATTRIBUTE = re.compile(r"\b\w+ = (?:\[[^\]\n]*\]|-?[\w.#<>]+(?: : \w+)?),? ?")


def _numbers(text: str, rng: random.Random) -> str:
    """One number, or all that are equal to it, becomes another."""
    places = list(re.finditer(r"(?<![\w%#.])\d+", text))
    if not places:
        return text
    old = rng.choice(places)
    new = str(rng.choice([int(old.group()) + 1, int(old.group()) * 2, 0, rng.choice(EXTREMES)]))
    if rng.random() < 0.5:
        return text[: old.start()] + new + text[old.end() :]
    return re.sub(rf"(?<![\w%#.]){old.group()}(?![\w.])", new, text)


def _sizes(text: str, rng: random.Random) -> str:
    """A size of the shapes changes, mostly in every type that has it."""
    sizes = re.findall(r"(?<=[<x])(\d+|\?)(?=x)", text)
    if not sizes:
        return text
    old, new = rng.choice(sizes), rng.choice(_SIZES)
    pattern = rf"(?<=[<x]){re.escape(old)}(?=x)"
    if rng.random() < 0.7:
        return re.sub(pattern, new, text)
    places = list(re.finditer(pattern, text))
    place = rng.choice(places)
    return text[: place.start()] + new + text[place.end() :]


def _types(text: str, rng: random.Random) -> str:
    """An element type becomes another everywhere, or in a part of the text."""
    used = [name for name in _TYPES if re.search(rf"\b{name}\b", text)]
    if not used:
        return text
    old, new = rng.choice(used), rng.choice(_TYPES)
    start = rng.choice([0, 0, 0, rng.randrange(len(text))])
    return text[:start] + re.sub(rf"(?<![A-Za-z]){old}\b", new, text[start:])


def _alike(text: str, rng: random.Random) -> str:
    """An operation, an enumerator or a map becomes one that could stand there."""
    groups = [[name for name in group if name in text] for group in _ALIKE]
    found = [(group, name) for group, names in zip(_ALIKE, groups, strict=True) for name in names]
    if not found:
        return text
    group, old = rng.choice(found)
    count = rng.choice([1, 1, -1])
    return text.replace(old, rng.choice(group), count)


def _values(text: str, rng: random.Random) -> str:
    """One use of a value becomes another value, mostly one named nearby."""
    places = list(re.finditer(r"%[\w#]+", text))
    if len(places) < 2:
        return text
    at = rng.randrange(len(places))
    near = rng.randrange(max(0, at - 12), min(len(places), at + 12))
    place = places[at]
    return text[: place.start()] + places[near].group() + text[place.end() :]


def _attributes(text: str, rng: random.Random) -> str:
    """An attribute goes, or comes twice elsewhere."""
    places = list(_ATTRIBUTE.finditer(text))
    if not places:
        return text
    place = rng.choice(places)
    if rng.random() < 0.6:
        return text[: place.start()] + text[place.end() :]
    other = rng.choice(places)
    return text[: other.start()] + place.group() + text[other.end() :]


def _line(text: str, rng: random.Random) -> str:
    """A line goes, or changes places with its neighbour."""
    lines = text.split("\n")
    at = rng.randrange(max(1, len(lines) - 1))
    if rng.random() < 0.5:
        del lines[at]
    else:
        lines[at : at + 2] = reversed(lines[at : at + 2])
    return "\n".join(lines)


_CHANGES = [_numbers, _sizes, _sizes, _types, _alike, _alike, _values, _attributes, _line]


def meaning(data: bytes, rng: random.Random) -> bytes:
    """One to three changes of what the module says."""
    text = data.decode()
    for _ in range(rng.choice([1, 1, 2, 3])):
        text = rng.choice(_CHANGES)(text, rng)
    return text.encode()
