"""Damage of ONNX files that knows protobuf: tags, lengths and the fields of a model."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import contextlib
import random

from damage import EXTREMES


def _varint(value: int) -> bytes:
    value %= 2**64
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes(out + bytes([value]))


def _read_varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while at < len(data) and shift < 70:
        value |= (data[at] & 127) << shift
        shift += 7
        at += 1
        if data[at - 1] < 128:
            return value, at
    raise ValueError


def _places(data: bytes, start: int, end: int, depth: int) -> list[tuple[int, int]]:
    """Spans of tags, lengths and numbers of the message in [start, end), nested ones too."""
    found, at = [], start
    while at < end:
        tag, after = _read_varint(data, at)
        found.append((at, after))
        at, wire = after, tag & 7
        if wire in (0, 2):
            value, after = _read_varint(data, at)
            found.append((at, after))
            at = after
            if wire == 2:
                if at + value > end:
                    raise ValueError
                if depth:
                    with contextlib.suppress(ValueError):
                        found += _places(data, at, at + value, depth - 1)
                at += value
        elif wire in (1, 5):
            at += 8 if wire == 1 else 4
        else:
            raise ValueError
    return found


def wire(data: bytes, rng: random.Random) -> bytes:
    """A tag, a length or a number of the wire format becomes another."""
    for _ in range(rng.choice([1, 1, 2])):
        places = _places(data, 0, len(data), 4)
        start, end = rng.choice(places)
        value, _ = _read_varint(data, start)
        new = rng.choice([value + 1, value - 1, value ^ 7, value << 1, rng.choice(EXTREMES)])
        data = data[:start] + _varint(new) + data[end:]
        try:
            _places(data, 0, len(data), 4)
        except ValueError:
            break
    return data


def _number(rng: random.Random, value: int) -> int:
    return rng.choice([value + 1, value - 1, -value, value * 2, 0, 1, rng.choice(EXTREMES)])


def _change_node(graph: object, rng: random.Random) -> None:
    node = rng.choice(graph.node)
    how = rng.randrange(6)
    others = [name for other in graph.node for name in (*other.input, *other.output)]
    if how == 0 and node.attribute:
        attribute = rng.choice(node.attribute)
        attribute.i = _number(rng, attribute.i)
        for place, value in enumerate(attribute.ints):
            if rng.random() < 0.5:
                attribute.ints[place] = _number(rng, value)
        if rng.random() < 0.2:
            attribute.type = rng.randrange(14)
    elif how == 1 and node.input:
        node.input[rng.randrange(len(node.input))] = rng.choice([*others, "", "absent"])
    elif how == 2:
        node.op_type = rng.choice([other.op_type for other in graph.node])
    elif how == 3 and node.input:
        del node.input[rng.randrange(len(node.input))]
    elif how == 4:
        node.input.append(rng.choice(others))
    else:
        del graph.node[rng.randrange(len(graph.node))]


def _change_tensor(graph: object, rng: random.Random) -> None:
    if not graph.initializer:
        return
    tensor = rng.choice(graph.initializer)
    how = rng.randrange(5)
    if how == 0 and tensor.dims:
        place = rng.randrange(len(tensor.dims))
        tensor.dims[place] = _number(rng, tensor.dims[place])
    elif how == 1:
        tensor.data_type = rng.randrange(24)
    elif how == 2:
        # Shapes, axes and indices that the model carries as values.
        for place, value in enumerate(tensor.int64_data):
            tensor.int64_data[place] = _number(rng, value) if rng.random() < 0.5 else value
        if tensor.data_type == 7 and len(tensor.raw_data) >= 8:
            words = rng.choice(EXTREMES) % 2**64
            at = 8 * rng.randrange(len(tensor.raw_data) // 8)
            raw = tensor.raw_data
            tensor.raw_data = raw[:at] + words.to_bytes(8, "little") + raw[at + 8 :]
    elif how == 3:
        tensor.raw_data = tensor.raw_data[: rng.randrange(len(tensor.raw_data) + 1)]
    elif tensor.external_data:
        rng.choice(tensor.external_data).value = rng.choice(
            ["../external.data", "/etc/passwd", "", str(rng.choice(EXTREMES)), "a/../external.data"]
        )


def _change_value(graph: object, rng: random.Random) -> None:
    value = rng.choice([*graph.input, *graph.output, *graph.value_info])
    tensor = value.type.tensor_type
    how = rng.randrange(4)
    if how == 0 and tensor.shape.dim:
        dim = rng.choice(tensor.shape.dim)
        dim.dim_value = _number(rng, dim.dim_value)
    elif how == 1:
        tensor.elem_type = rng.randrange(24)
    elif how == 2 and tensor.shape.dim:
        rng.choice(tensor.shape.dim).dim_param = rng.choice(["n", "", "batch", "1", "a.b"])
    else:
        value.name = rng.choice([node.output[0] for node in graph.node if node.output])


def fields(data: bytes, rng: random.Random) -> bytes:
    """Changes fields of the parsed model: nodes, attributes, shapes, types, values, names."""
    import onnx

    model = onnx.ModelProto.FromString(data)
    for _ in range(rng.choice([1, 1, 2, 3])):
        graph = model.graph
        branches = [a.g for node in graph.node for a in node.attribute if a.HasField("g")]
        if branches and rng.random() < 0.2:
            graph = rng.choice(branches)
        if not graph.node:
            continue
        change = rng.choice([_change_node, _change_node, _change_tensor, _change_value])
        try:
            change(graph, rng)
        except (ValueError, IndexError):
            # The value does not fit the field, or there is nothing to change.
            continue
    return model.SerializeToString()
