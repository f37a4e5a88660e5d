"""Random products, norms, recurrences and elementwise operations."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

from program import FLOATS, Dim, Program, Scalars, Value


def _maps(dims: list[str], results: list[list[str]]) -> str:
    listed = ", ".join(dims)
    return ", ".join(f"affine_map<({listed}) -> ({', '.join(names)})>" for names in results)


def contract(p: Program, given: Value | None = None) -> list[Value]:
    """A product of two tensors with an epilogue; `given` is the left side when its rank fits."""
    batch = ["b"] if p.rng.random() < 0.3 and given is None else []
    sizes = {"m": p.dim(1, 2, 6, 17, 64), "n": p.dim(1, 8, 16, 48, 33, 100),
             "k": p.dim(1, 5, 16, 70), "b": p.dim(1, 3)}  # fmt: skip
    left, right = [*batch, "m", "k"], [*batch, *p.rng.choice([["n", "k"], ["k", "n"]])]
    dtype = p.rng.choice(FLOATS)
    if given is not None and len(given.shape) == 2 and given.dtype in FLOATS:
        sizes["m"], sizes["k"] = given.shape
        dtype, a = given.dtype, given
    else:
        a = p.argument([sizes[name] for name in left], dtype)
    b = p.argument([sizes[name] for name in right], dtype)
    out_names = [*batch, *p.rng.choice([["m", "n"], ["m", "n"], ["n", "m"]])]
    captures, capture_maps = [], []
    for _ in range(p.rng.choice([0, 1, 1, 2])):
        names = p.rng.choice([["n"], ["m"], ["m", "n"], []])
        captures.append(p.argument([sizes[name] for name in names], "f32"))
        capture_maps.append(names)
    init = p.empty([sizes[name] for name in out_names], dtype)
    body = Scalars(p)
    seen = [p.name() for _ in captures]
    result = body.chain(["%sum", *seen], p.rng.choice([0, 1, 2, 3]))
    last = body.op(f"arith.truncf {result} : f32 to {dtype}") if dtype != "f32" else result
    out = p.result(init.shape, dtype)
    listed, types = ", ".join(v.name for v in captures), ", ".join(v.type for v in captures)
    arguments = "".join(f", {name}: f32" for name in seen)
    maps = _maps([*batch, "m", "n", "k"], [left, right, *capture_maps, out_names])
    p.lines += [
        f"{out.name} = fovea.contract ins({a.name}, {b.name} : {a.type}, {b.type})",
        f"    captures({listed} : {types})" if captures else "",
        f"    outs({init.name} : {init.type}) {{indexing_maps = [{maps}]}} epilogue {{",
        f"^bb0(%sum: f32{arguments}):", *body.lines, f"fovea.yield {last} : {dtype}",
        f"}} -> {out.type}",
    ]  # fmt: skip
    return [out]


def norm(p: Program, given: Value | None = None) -> list[Value]:
    """Layer or root-mean-square normalization over one or two trailing dimensions."""
    dims = [p.dim(1, 5, 9), p.dim(1, 3), p.dim(1, 8, 33, 64)]
    x = given or p.argument(dims, p.rng.choice(FLOATS))
    axis = p.rng.randrange(max(0, len(x.shape) - 2), len(x.shape))
    weight = p.argument(x.shape[axis:], x.dtype)
    init, out = p.empty(x.shape, x.dtype), p.result(x.shape, x.dtype)
    kind, bias = p.rng.choice(["layer_norm", "rms_norm"]), ""
    if kind == "layer_norm" and p.rng.random() < 0.6:
        value = p.argument(x.shape[axis:], x.dtype)
        bias = f" bias({value.name} : {value.type})"
    p.lines.append(
        f"{out.name} = fovea.{kind} ins({x.name}, {weight.name} : {x.type}, {weight.type}){bias}"
        f" outs({init.name} : {init.type}) {{axis = {axis} : i64, epsilon = 1.0e-3 : f64}}"
        f" -> {out.type}"
    )
    return [out]


def elementwise(p: Program, given: Value | None = None) -> list[Value]:
    """A linalg.generic over broadcast inputs, reduced over the last dimension now and then."""
    dims = [p.dim(1, 2, 7), p.dim(1, 5, 16), p.dim(1, 3, 40)]
    x = given if given and len(given.shape) > 0 else p.argument(dims, "f32")
    names = [f"d{i}" for i in range(len(x.shape))]
    inputs, maps = [x], [names]
    for _ in range(p.rng.choice([0, 1, 2])):
        kept = [name for name in names if p.rng.random() < 0.6]
        if p.rng.random() < 0.3:
            p.rng.shuffle(kept)
        shape = [x.shape[names.index(name)] for name in kept]
        inputs.append(p.argument(shape, p.rng.choice(FLOATS)))
        maps.append(kept)
    reduced = p.rng.random() < 0.3
    out_names = names[:-1] if reduced else p.rng.sample(names, len(names))
    shape = [x.shape[names.index(name)] for name in out_names]
    init = p.filled(shape, "f32", "0.0") if reduced else p.empty(shape, "f32")
    out, body = p.result(shape, "f32"), Scalars(p)
    seen = [p.name() for _ in inputs]
    wide = [body.widened(n, v.dtype) for n, v in zip(seen, inputs, strict=True)]
    last = body.chain(wide, p.rng.choice([1, 2, 4]))
    if reduced:
        last = body.op(f"arith.addf {last}, %acc : f32")
    kinds = ["parallel"] * (len(names) - reduced) + ["reduction"] * reduced
    header = ", ".join(f"{n}: {v.dtype}" for n, v in zip(seen, inputs, strict=True))
    p.lines += [
        f"{out.name} = linalg.generic {{indexing_maps = [{_maps(names, [*maps, out_names])}],",
        f"    iterator_types = [{', '.join(f'{chr(34)}{kind}{chr(34)}' for kind in kinds)}]}}",
        f"    ins({', '.join(v.name for v in inputs)} : {', '.join(v.type for v in inputs)})",
        f"    outs({init.name} : {init.type}) {{", f"^bb0({header}, %acc: f32):", *body.lines,
        f"linalg.yield {last} : f32", f"}} -> {out.type}",
    ]  # fmt: skip
    return [out]


def _step(p: Program, states: list[Value], names: list[str]) -> tuple[list[str], list[str]]:
    """Names of the next states, which are made of those that `names` stand for, and lines."""
    lines, made = [], []
    for state in states:
        body, seen = Scalars(p), [p.name() for _ in states]
        last = body.op(f"math.tanh {body.chain(seen, p.rng.choice([0, 1, 3]))} : f32")
        rows = state.shape[0]
        maps = ["(d0, d1)" if rows.symbol or p.rng.random() < 0.5 else f"({rows.size - 1} - d0, d1)"
                for _ in states]  # fmt: skip
        listed = ", ".join(f"affine_map<(d0, d1) -> {text}>" for text in [*maps, "(d0, d1)"])
        before = len(p.lines)
        init = p.empty(state.shape, "f32")
        lines += p.lines[before:]
        del p.lines[before:]
        made.append(p.name())
        header = ", ".join(f"{name}: f32" for name in seen)
        lines += [
            f"{made[-1]} = linalg.generic {{indexing_maps = [{listed}],",
            '    iterator_types = ["parallel", "parallel"]}',
            f"    ins({', '.join(names)} : {', '.join(v.type for v in states)})",
            f"    outs({init.name} : {init.type}) {{", f"^bb0({header}, %old: f32):", *body.lines,
            f"linalg.yield {last} : f32", f"}} -> {init.type}",
        ]  # fmt: skip
    return made, lines


def loop(p: Program) -> list[Value]:
    """An scf.while that ends at a bound or where flags say so; it computes before or after it
    asks."""
    dims = [p.dim(1, 2, 7), p.dim(1, 5, 16)]
    states = [p.argument(dims, "f32") for _ in range(p.rng.choice([1, 2, 3]))]
    flags = p.argument([Dim(7)], "i64", f"randint:0:4:{p.rng.randrange(1000)}")
    types = ", ".join(["index", *(state.type for state in states)])
    zero, one, most = p.constant(0), p.constant(1), p.constant(p.rng.choice([0, 1, 2, 5]))
    number, following = p.name(), p.name()
    names = [p.name() for _ in states]
    made, lines = _step(p, states, names)
    count = f"{following} = arith.addi {number}, {one} : index"
    few, word, end, goes, both = (p.name() for _ in range(5))
    asks = [
        f"{few} = arith.cmpi slt, {number}, {most} : index",
        f"{word} = tensor.extract {flags.name}[{number}] : {flags.type}",
        f"{end} = arith.constant 0 : i64", f"{goes} = arith.cmpi ne, {word}, {end} : i64",
        f"{both} = arith.andi {few}, {goes} : i1",
    ]  # fmt: skip
    first = p.rng.random() < 0.3
    here, then = [number, *names], [following, *made]
    out = p.name()
    starts = zip(here, [zero, *(state.name for state in states)], strict=True)
    block = ", ".join(f"{name}: {kind}" for name, kind in zip(here, types.split(", "), strict=True))
    p.lines += [
        f"{out}:{len(here)} = scf.while ({', '.join(f'{a} = {b}' for a, b in starts)})"
        f" : ({types}) -> ({types}) {{",
        *([*lines, count] if first else []), *asks,
        f"scf.condition({both}) {', '.join(then if first else here)} : {types}", "} do {",
        f"^bb0({block}):", *([] if first else [*lines, count]),
        f"scf.yield {', '.join(here if first else then)} : {types}", "}",
    ]  # fmt: skip
    return [Value(f"{out}#{place + 1}", state.shape, "f32") for place, state in enumerate(states)]


# Bounded: with relu in a gate, states grow until rounding decides what is infinite.
_ACTIVATIONS = ("sigmoid", "tanh", "softsign", "hard_sigmoid")


def _activation(p: Program) -> str:
    return f"#fovea.activation<{p.rng.choice(_ACTIVATIONS)}>"


def recurrence(p: Program) -> list[Value]:
    """fovea.lstm or fovea.gru with random attributes."""
    gru, both = p.rng.random() < 0.5, p.rng.random() < 0.4
    gates = ["z", "r", "n"] if gru else ["i", "o", "f", "c"]
    steps, batch = p.dim(1, 2, 5), p.dim(1, 2, 4)
    width, hidden, ways = p.rng.choice([1, 5, 16]), p.rng.choice([1, 4, 16, 20]), 1 + both
    direction = "bidirectional" if both else p.rng.choice(["forward", "reverse"])
    batch_major = p.rng.random() < 0.3
    x = p.argument([batch, steps, Dim(width)] if batch_major else [steps, batch, Dim(width)], "f32")
    rows = len(gates) * hidden
    w = p.argument([Dim(ways), Dim(rows), Dim(width)], "f32")
    r = p.argument([Dim(ways), Dim(rows), Dim(hidden)], "f32")
    state = [batch, Dim(ways), Dim(hidden)] if batch_major else [Dim(ways), batch, Dim(hidden)]
    text = ""
    if p.rng.random() < 0.6:
        bias = p.argument([Dim(ways), Dim(2 * rows)], "f32")
        text += f" bias({bias.name} : {bias.type})"
    for initial in ("initial_h",) if gru else ("initial_h", "initial_c"):
        if p.rng.random() < 0.5:
            value = p.argument(state, "f32")
            text += f" {initial}({value.name} : {value.type})"
    if not gru and p.rng.random() < 0.2:
        value = p.argument([Dim(ways), Dim(3 * hidden)], "f32")
        text += f" peephole({value.name} : {value.type})"
    if p.rng.random() < 0.4:
        lengths = p.argument([batch], p.rng.choice(["i32", "i64"]),
                             f"randint:0:{steps.size + 1}:{p.rng.randrange(99)}")  # fmt: skip
        text += f" lengths({lengths.name} : {lengths.type})"
    order = ", ".join(f"#fovea.gate<{gate}>" for gate in p.rng.sample(gates, len(gates)))
    count = (2 if gru else 3) * ways
    listed = ", ".join(_activation(p) for _ in range(count))
    attributes = f"direction = #fovea.direction<{direction}>, gate_order = [{order}], "
    attributes += f"activations = [{listed}]"
    if batch_major:
        attributes += ", layout = #fovea.layout<batch_major>"
    if gru:
        attributes += f", reset = #fovea.reset<{p.rng.choice(['before', 'after'])}>"
        attributes += f", keep = #fovea.keep<{p.rng.choice(['old', 'new'])}>"
    middle = [batch, steps, Dim(ways)] if batch_major else [steps, Dim(ways), batch]
    results = [p.result([*middle, Dim(hidden)], "f32")]
    results += [p.result(state, "f32") for _ in range(1 if gru else 2)]
    p.lines.append(
        f"{', '.join(v.name for v in results)} = fovea.{'gru' if gru else 'lstm'} {x.name}, "
        f"{w.name}, {r.name}{text} {{{attributes}}} : {x.type}, {w.type}, {r.type}"
        f" -> {', '.join(v.type for v in results)}"
    )
    return results
