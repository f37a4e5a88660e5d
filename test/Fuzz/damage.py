"""Ways to damage a file: truncation, changed bytes, and changes that know the file's structure.

A mutation is a function of the bytes and a random generator. Seeded alike, it gives the same bytes.
"""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import random
import re
import struct
from collections.abc import Callable, Iterator

Mutation = Callable[[bytes, random.Random], bytes]

# Sizes and indices at which arithmetic goes wrong.
EXTREMES = [0, 1, -1, 2, 127, 128, 255, 256, 65535, 2**31 - 1, 2**31, -(2**31), 2**32, 2**40,
            2**61, 2**62, 2**63 - 1, -(2**63)]  # fmt: skip
TOKEN = re.compile(
    r'"(?:[^"\\\n]|\\.)*"|[%@#!^]?[A-Za-z_][\w.$-]*|[%@#!^]\w+'
    r"|-?\d+\.?\d*(?:[eE][-+]?\d+)?|\s+|.",
    re.S,
)


def truncations(data: bytes, places: int) -> Iterator[bytes]:
    """Prefixes that end at evenly spread places, the empty one first."""
    for place in range(places):
        yield data[: len(data) * place // places]


def _span(data: bytes, rng: random.Random, most: int = 64) -> tuple[int, int]:
    start = rng.randrange(len(data) or 1)
    return start, min(len(data), start + rng.randint(1, most))


def flip_bit(data: bytes, rng: random.Random) -> bytes:
    out = bytearray(data)
    for _ in range(rng.choice([1, 1, 1, 2, 8])):
        out[rng.randrange(len(out))] ^= 1 << rng.randrange(8)
    return bytes(out)


def set_bytes(data: bytes, rng: random.Random) -> bytes:
    start, end = _span(data, rng, 8)
    fill = rng.choice([b"\0", b"\xff", b"\x7f", b"\x80", b" ", b"9"])
    return data[:start] + fill * (end - start) + data[end:]


def remove_span(data: bytes, rng: random.Random) -> bytes:
    start, end = _span(data, rng)
    return data[:start] + data[end:]


def repeat_span(data: bytes, rng: random.Random) -> bytes:
    start, end = _span(data, rng)
    return data[:end] + data[start:end] * rng.randint(1, 4) + data[end:]


def move_span(data: bytes, rng: random.Random) -> bytes:
    start, end = _span(data, rng)
    rest, place = data[:start] + data[end:], rng.randrange(len(data))
    return rest[:place] + data[start:end] + rest[place:]


def write_word(data: bytes, rng: random.Random) -> bytes:
    """An extreme little-endian number of 4 or 8 bytes, at any place or an aligned one."""
    size = rng.choice([4, 8])
    if len(data) < size:
        return flip_bit(data, rng) if data else data
    place = rng.randrange(len(data) - size + 1)
    if rng.random() < 0.5:
        place -= place % size
    word = struct.pack("<Q", rng.choice(EXTREMES) % 2**64)[:size]
    return data[:place] + word + data[place + size :]


BYTES: list[Mutation] = [flip_bit, set_bytes, remove_span, repeat_span, move_span, write_word]


def header_length(data: bytes, rng: random.Random) -> bytes:
    """The first eight bytes, which are the length of a safetensors header."""
    length = struct.unpack_from("<Q", data)[0] if len(data) >= 8 else 0
    near = [length + step for step in (-8, -1, 1, 2, 8)]
    return struct.pack("<Q", rng.choice(near + EXTREMES) % 2**64) + data[8:]


def safetensors_header(data: bytes, rng: random.Random) -> bytes:
    """The JSON of the header, with its length written anew most of the time."""
    length = struct.unpack_from("<Q", data)[0]
    header = text_tokens(data[8 : 8 + length], rng)
    stated = len(header) if rng.random() < 0.9 else length
    return struct.pack("<Q", stated) + header + data[8 + length :]


def _kind(token: str) -> str:
    if re.match(r"-?\d", token):
        return "number"
    if token[0] in '%@#!^"':
        return token[0]
    if token.isspace():
        return "space"
    return "word" if token[0].isalpha() or token[0] == "_" else "mark"


def _new_number(token: str, rng: random.Random) -> str:
    """Near numbers first: they pass more checks than extremes."""
    if rng.random() < 0.6 and token.lstrip("-").isdigit():
        value = int(token)
        return str(rng.choice([value + 1, value - 1, value * 2, value // 2, -value, 0, 1]))
    return rng.choice([str(rng.choice(EXTREMES)), "1e308", "-0.0", "1e-320", "0x7FC00000"])


def text_tokens(data: bytes, rng: random.Random) -> bytes:
    """Exchanges, changes, removes and repeats tokens of a text, mostly for others of their kind."""
    tokens = TOKEN.findall(data.decode("utf-8", "replace"))
    visible = [place for place, token in enumerate(tokens) if not token.isspace()]
    if not visible:
        return data
    for _ in range(rng.choice([1, 1, 1, 2, 3])):
        place = rng.choice(visible)
        if not tokens[place]:
            continue
        kind = _kind(tokens[place])
        alike = [other for other in visible if tokens[other] and _kind(tokens[other]) == kind]
        how = rng.random()
        if kind == "number" and how < 0.5:
            tokens[place] = _new_number(tokens[place], rng)
        elif how < 0.6:
            tokens[place] = tokens[rng.choice(alike)]
        elif how < 0.75:
            other = rng.choice(alike)
            tokens[place], tokens[other] = tokens[other], tokens[place]
        elif how < 0.85:
            tokens[place] = ""
        elif how < 0.95:
            tokens[place] += " " + tokens[rng.choice(visible)]
        else:
            tokens[place] = tokens[rng.choice(visible)]
    return "".join(tokens).encode()


def text_lines(data: bytes, rng: random.Random) -> bytes:
    """Removes, repeats or exchanges whole lines."""
    lines = data.split(b"\n")
    first, second = rng.randrange(len(lines)), rng.randrange(len(lines))
    how = rng.random()
    if how < 0.4:
        del lines[first]
    elif how < 0.7:
        lines.insert(second, lines[first])
    else:
        lines[first], lines[second] = lines[second], lines[first]
    return b"\n".join(lines)
