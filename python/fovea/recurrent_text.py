"""The MLIR text of one recurrent layer, as an entry that takes its weights as inputs.

    layer, = fovea.recurrent.from_torch("gru", state)
    module = fovea.compile(fovea.recurrent_text.entry(layer, steps=20, batch=1))
    y = layer.joined(module(x=x, **layer.operands())["y"])

LSTM and GRU are their operations; a plain RNN is a cell of fovea.rnn.
"""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

from fovea.recurrent import Layer

_PLAIN = {
    "tanh": ["%a = math.tanh %in : f32"],
    "relu": ["%a = arith.maximumf %in, %zero : f32"],
    "sigmoid": ["%n = arith.negf %in : f32", "%q = math.exp %n : f32",
                "%d = arith.addf %q, %one : f32", "%a = arith.divf %one, %d : f32"],
}  # fmt: skip


def _tensor(*shape: int) -> str:
    return f"tensor<{'x'.join(map(str, shape))}xf32>"


def _maps(dims: str, *results: str) -> str:
    return ", ".join(f"affine_map<({dims}) -> ({result})>" for result in results)


def _turned(source: str, name: str, order: list[int], shape: list[int]) -> list[str]:
    """`source`, of `shape`, with its dimensions in another order."""
    kind = _tensor(*(shape[place] for place in order))
    return [f"  %{name}_e = tensor.empty() : {kind}",
            f"  %{name} = linalg.transpose ins({source} : {_tensor(*shape)})"
            f" outs(%{name}_e : {kind}) permutation = {order}"]  # fmt: skip


def _plain_direction(layer: Layer, d: int, steps: int, batch: int) -> list[str]:
    """%y{d} [T, B, H] of %xt [T, B, I]: the input's product of all steps, and a recurrence."""
    _, hidden, inputs = layer.w.shape
    state, every = _tensor(batch, hidden), _tensor(steps, batch, hidden)
    biases = ["bi", "bh"] if layer.bias is not None else []
    lines = [
        f"  %{n}{d} = tensor.extract_slice %{n}[{d}, 0, 0] [1, {hidden}, {k}] [1, 1, 1]"
        f" : {_tensor(*shape)} to {_tensor(hidden, k)}"
        for n, k, shape in (("w", inputs, layer.w.shape), ("r", hidden, layer.r.shape))
    ]
    lines += [
        f"  %{n}{d} = tensor.extract_slice %bias[{d}, {at * hidden}] [1, {hidden}] [1, 1]"
        f" : {_tensor(len(layer.w), 2 * hidden)} to {_tensor(hidden)}"
        for at, n in enumerate(biases)
    ]
    captures = (
        f" captures({', '.join(f'%{n}{d}' for n in biases)} : "
        + ", ".join([_tensor(hidden)] * len(biases))
        + ")"
        if biases
        else ""
    )
    maps = _maps("t, b, n, k", "t, b, k", "n, k", *["n"] * len(biases), "t, b, n")
    reverse = " reverse" if d == 1 or layer.direction == "reverse" else ""
    return [
        *lines,
        f"  %e{d} = tensor.empty() : {every}",
        f"  %p{d} = fovea.contract ins(%xt, %w{d} : {_tensor(steps, batch, inputs)},"
        f" {_tensor(hidden, inputs)}){captures}",
        f"    outs(%e{d} : {every}) {{indexing_maps = [{maps}]}} epilogue {{",
        f"    ^bb0({', '.join(f'%{n}: f32' for n in ['s0', *biases])}):",
        *(f"      %s{at + 1} = arith.addf %s{at}, %{n} : f32" for at, n in enumerate(biases)),
        f"      fovea.yield %s{len(biases)} : f32",
        f"    }} -> {every}",
        f"  %y{d}, %f{d} = fovea.rnn %p{d} init(%start){reverse} cell {{",
        f"  ^bb0(%p: {state}, %h: {state}):",
        f"    %e = tensor.empty() : {state}",
        f"    %next = fovea.contract ins(%h, %r{d} : {state}, {_tensor(hidden, hidden)})"
        f" captures(%p : {state})",
        f"      outs(%e : {state}) {{indexing_maps ="
        f" [{_maps('b, n, k', 'b, k', 'n, k', 'b, n', 'b, n')}]}} epilogue {{",
        "      ^bb0(%sum: f32, %pre: f32):",
        "        %in = arith.addf %pre, %sum : f32",
        *(f"        {line}" for line in _PLAIN[layer.activations[d]]),
        "        fovea.yield %a : f32",
        f"      }} -> {state}",
        f"    fovea.yield %next, %next : {state}, {state}",
        f"  }} : {every}, {state} -> {every}, {state}",
    ]  # fmt: skip


def _plain(layer: Layer, steps: int, batch: int) -> list[str]:
    """%y of a plain RNN, laid out as that of fovea.lstm."""
    if unknown := set(layer.activations) - set(_PLAIN):
        raise ValueError(f"a plain RNN with {unknown.pop()} has no text, only with one of "
                         f"{', '.join(_PLAIN)}")  # fmt: skip
    directions, hidden, inputs = layer.w.shape
    every, lines = [steps, batch, hidden], []
    shape, sizes = [steps, directions, batch, hidden], f"[{steps}, 1, {batch}, {hidden}]"
    if layer.batch_major:
        lines += _turned("%x", "xt", [1, 0, 2], [batch, steps, inputs])
        shape, sizes = [batch, steps, directions, hidden], f"[{batch}, {steps}, 1, {hidden}]"
    lines += ["  %zero = arith.constant 0.0 : f32", "  %one = arith.constant 1.0 : f32",
              f"  %start = arith.constant dense<0.0> : {_tensor(batch, hidden)}",
              f"  %all0 = tensor.empty() : {_tensor(*shape)}"]  # fmt: skip
    for d in range(directions):
        lines += _plain_direction(layer, d, steps, batch)
        source, kind = f"%y{d}", every
        if layer.batch_major:
            lines += _turned(source, f"m{d}", [1, 0, 2], every)
            source, kind = f"%m{d}", [batch, steps, hidden]
        at = f"[0, 0, {d}, 0]" if layer.batch_major else f"[0, {d}, 0, 0]"
        lines.append(f"  %all{d + 1} = tensor.insert_slice {source} into %all{d}{at} {sizes}"
                     f" [1, 1, 1, 1] : {_tensor(*kind)} into {_tensor(*shape)}")  # fmt: skip
    lines.append(f"  return %all{directions} : {_tensor(*shape)}")
    text = "\n".join(lines)
    return (text if layer.batch_major else text.replace("%xt", "%x")).split("\n")


def _named(layer: Layer, steps: int, batch: int) -> list[str]:
    """%y of fovea.lstm or fovea.gru."""
    kinds = {name: _tensor(*array.shape) for name, array in layer.operands().items()}
    optional = "".join(f" {n}(%{n} : {kinds[n]})" for n in ("bias", "projection") if n in kinds)
    directions, width = len(layer.w), layer.r.shape[2]
    states = [width] if layer.kind == "gru" else [width, layer.w.shape[1] // 4]
    outer = [batch, directions] if layer.batch_major else [directions, batch]
    results = [_y_type(layer, steps, batch), *(_tensor(*outer, n) for n in states)]
    return [
        f"  %y:{len(results)} = fovea.{layer.kind} %x, %w, %r{optional} {{{layer.attributes()}}}",
        f"    : {_x_type(layer, steps, batch)}, {kinds['w']}, {kinds['r']}"
        f" -> {', '.join(results)}",
        f"  return %y#0 : {results[0]}",
    ]  # fmt: skip


def _x_type(layer: Layer, steps: int, batch: int) -> str:
    return _tensor(*([batch, steps] if layer.batch_major else [steps, batch]), layer.w.shape[2])


def _y_type(layer: Layer, steps: int, batch: int) -> str:
    directions, width = len(layer.w), layer.r.shape[2]
    if layer.batch_major:
        return _tensor(batch, steps, directions, width)
    return _tensor(steps, directions, batch, width)


def entry(layer: Layer, steps: int, batch: int) -> str:
    """A module whose entry takes x and the layer's operands, in f32, and gives y:
    [T, D, B, P], batch major [B, T, D, P]."""
    slots = [f'%x: {_x_type(layer, steps, batch)} {{fovea.name = "x"}}']
    slots += [f'%{name}: {_tensor(*array.shape)} {{fovea.name = "{name}"}}'
              for name, array in layer.operands().items()]  # fmt: skip
    body = (_plain if layer.kind == "rnn" else _named)(layer, steps, batch)
    return "\n".join([
        f'func.func @main({", ".join(slots)}) -> ({_y_type(layer, steps, batch)}'
        ' {fovea.name = "y"}) attributes {fovea.entry} {',
        *body, "}", "",
    ])  # fmt: skip
