"""Random attention: layouts, grouped heads, captures, regions, sugar, dynamic sizes."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

from program import FLOATS, Dim, Program, Scalars, Value

_DIMS = "b, h, i, j, d, e"


def _map(results: list[str]) -> str:
    return f"affine_map<({_DIMS}) -> ({', '.join(results)})>"


def _laid_out(p: Program, sizes: dict[str, Dim]) -> tuple[list[Dim], str]:
    """The dimensions in a random order, as shape and map."""
    order = list(sizes)
    if p.rng.random() < 0.5:
        p.rng.shuffle(order)
    return [sizes[name] for name in order], _map(order)


class _Captures:
    """What regions see besides the score, the same list in each of them."""

    def __init__(self, p: Program, dims: dict[str, Dim]) -> None:
        self.values: list[Value] = []
        self.maps: list[str] = []
        for _ in range(p.rng.choice([0, 0, 1, 1, 2])):
            names = [name for name in "bhij" if p.rng.random() < 0.6]
            dtype = p.rng.choice(["f32", "f16", "i1", "i64"])
            shape = [dims[name] for name in names]
            specs = {"i64": f"randint:0:{dims['j'].size + 1}:5", "i1": "randint:0:2:4"}
            self.values.append(p.argument(shape, dtype, specs.get(dtype, "")))
            self.maps.append(_map(names))

    def header(self, p: Program, leading: str) -> tuple[str, list[str]]:
        names = [p.name() for _ in self.values]
        listed = "".join(
            f", {name}: {value.dtype}" for name, value in zip(names, self.values, strict=True)
        )
        positions = ", ".join(f"{name}: index" for name in ("%b", "%h", "%i", "%j"))
        return f"^bb0({leading}{positions}{listed}):", names


def _float_region(p: Program, kind: str, captures: _Captures, dtype: str) -> list[str]:
    header, names = captures.header(p, f"%x: {dtype}, ")
    body = Scalars(p, dtype)
    others = [
        body.widened(name, value.dtype)
        for name, value in zip(names, captures.values, strict=True)
        if value.dtype in ("f32", "f16")
    ]
    if kind == "score" and p.rng.random() < 0.5:
        others.append(body.distance("%j", "%i"))
    result = body.chain(["%x", *others], p.rng.choice([0, 1, 2]))
    return [f"{kind} {{", header, *body.lines, f"fovea.yield {result} : {dtype}", "}"]


def _mask_region(p: Program, captures: _Captures) -> list[str]:
    header, names = captures.header(p, "")
    body = Scalars(p)
    keep = []
    for name, value in zip(names, captures.values, strict=True):
        if value.dtype == "i1":
            keep.append(name)
        elif value.dtype == "i64":
            limit = body.op(f"arith.index_cast {name} : i64 to index")
            keep.append(body.op(f"arith.cmpi slt, %j, {limit} : index"))
    if not keep or p.rng.random() < 0.4:
        order, shift = p.rng.choice(["sle", "sge", "ne"]), body.op("arith.constant 1 : index")
        moved = body.op(f"arith.addi %i, {shift} : index")
        keep.append(body.op(f"arith.cmpi {order}, %j, {moved} : index"))
    result = keep[0]
    for other in keep[1:]:
        result = body.op(f"arith.{p.rng.choice(['andi', 'ori'])} {result}, {other} : i1")
    return ["mask {", header, *body.lines, f"fovea.yield {result} : i1", "}"]


def _sugar(p: Program, heads: Dim, score: str) -> str:
    text = ""
    causal, window = p.rng.random() < 0.35, p.rng.random() < 0.2
    if causal or window:
        text += f" offset({p.constant(p.rng.choice([0, 0, 1, 3, -2]))})"
    text += " causal" if causal else ""
    if window:
        text += f" window [{p.rng.choice([-1, 0, 2, 5])}, {p.rng.choice([-1, 0, 1, 4])}]"
    if p.rng.random() < 0.15:
        slopes = p.argument([heads], score)
        text += f" alibi({slopes.name} : {slopes.type})"
    return text + (f" softcap {p.rng.choice([1.5, 20.0])}" if p.rng.random() < 0.2 else "")


def _counts(p: Program, dims: dict[str, Dim], page: int, pool: int) -> str:
    """Lengths of the keys, and the table of their pages where they have a size."""
    text = ""
    if p.rng.random() < (0.7 if page else 0.2):
        dtype = p.rng.choice(["i32", "i64"])
        lengths = p.argument([dims["b"]], dtype, f"randint:0:{dims['j'].size + 1}:6")
        text = f" lengths({lengths.name} : {lengths.type})"
    if page:
        blocks = Dim(dims["j"].size // page)
        table = p.argument([dims["b"], blocks], "i32", f"randint:0:{pool}:8")
        text += f" pages({table.name} : {table.type})"
    return text


def attention(p: Program) -> list[Value]:
    """One fovea.attention over new arguments; its results."""
    group, heads = p.rng.choice([1, 1, 2, 4]), p.rng.choice([1, 2, 3])
    dims = {
        "b": p.dim(1, 2), "h": Dim(group * heads), "i": p.dim(1, 2, 5, 17, 64, 70),
        "j": p.dim(1, 3, 16, 33, 65), "d": Dim(p.rng.choice([1, 8, 16, 40, 64])),
        "e": Dim(p.rng.choice([8, 16, 5, 64])),
    }  # fmt: skip
    page, pool = p.rng.choice([0, 0, 0, 0, 3, 16, 32]), p.rng.choice([1, 4, 9])
    if page:
        dims["j"] = Dim(page * p.rng.choice([1, 2, 5]))
    dtype = p.rng.choice([*FLOATS, "f64"])
    score = "f64" if dtype == "f64" else "f32"
    shapes, maps, values = [], [], []
    for own in ("bhid", "bhjd", "bhje"):
        sizes = {name: dims[name] for name in own}
        if own != "bhid":
            head = f"h floordiv {group}" if group > 1 else "h"
            sizes = {head if name == "h" else name: size for name, size in sizes.items()}
            sizes[head] = Dim(heads)
        if own != "bhid" and page:
            sizes |= {f"j floordiv {page}": Dim(pool), f"j mod {page}": Dim(page)}
            del sizes["b"], sizes["j"]
        shape, text = _laid_out(p, sizes)
        shapes.append(shape)
        maps.append(text)
        values.append(p.argument(shape, dtype))
    captures = _Captures(p, dims)
    sugar = _counts(p, dims, page, pool) + _sugar(p, dims["h"], score)
    out_shape, out_map = _laid_out(p, {name: dims[name] for name in "bhie"})
    outs, out_maps = [p.empty(out_shape, dtype)], [out_map]
    # Logarithms of sums, and largest scores.
    for _ in range(p.rng.choice([0, 0, 0, 0, 1, 2])):
        shape, text = _laid_out(p, {name: dims[name] for name in "bhi"})
        outs.append(p.empty(shape, score))
        out_maps.append(text)
    results = [p.result(out.shape, out.dtype) for out in outs]
    listed = ", ".join(value.name for value in captures.values)
    types = ", ".join(value.type for value in captures.values)
    scale = p.rng.choice([1.0, 0.125, dims["d"].size ** -0.5])
    p.lines += [
        f"{', '.join(value.name for value in results)} = fovea.attention",
        f"    ins({', '.join(v.name for v in values)} : {', '.join(v.type for v in values)})",
        f"    captures({listed} : {types})" if captures.values else "",
        f"   {sugar} outs({', '.join(v.name for v in outs)} : {', '.join(v.type for v in outs)})",
        f"    {{scale = {scale:.6e} : f64,",
        f"     indexing_maps = [{', '.join([*maps, *captures.maps, *out_maps])}]}}",
        *(_float_region(p, "score", captures, score) if p.rng.random() < 0.5 else []),
        *(_mask_region(p, captures) if p.rng.random() < 0.4 else []),
        *(_float_region(p, "prob", captures, score) if p.rng.random() < 0.15 else []),
        f"    -> {', '.join(value.type for value in results)}",
    ]
    return results
