"""The MLIR text of a crossing: one entry of dynamic batch size and sequence lengths."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

from collections.abc import Sequence

from crossings import Crossing
from region_text import SOFTCAP, WINDOW, Capture, Regions, captures_of

_DIMS = "b, h, i, j, d, e"
# The dimensions of query, key, value and out; those of lse and max are out's without e.
LAYOUTS = {
    "bhsd": ("bhid", "bhjd", "bhje", "bhie"),
    "bshd": ("bihd", "bjhd", "bjhe", "bihe"),
    "sbhd": ("ibhd", "jbhd", "jbhe", "ibhe"),
    "keys_transposed": ("bhid", "bhdj", "bhje", "bhie"),
    "channels_first": ("bhdi", "bhdj", "bhej", "bhei"),
    "packed": ("bihd", "bjhd", "bjhe", "bihe"),
    # p is a page, r a row of it.
    "pages": ("bhid", "prhd", "phre", "bhie"),
    # b is 1.
    "sequences": ("bihd", "bjhd", "bhje", "bihe"),
    "shared_head": ("bhid", "bjd", "bje", "bhie"),
}


def _map(results: str | Sequence[str]) -> str:
    return f"affine_map<({_DIMS}) -> ({', '.join(results)})>"


class _Text:
    """Writes one entry."""

    def __init__(self, crossing: Crossing, name: str) -> None:
        self.crossing, self.name = crossing, name
        depth, width = crossing.heads
        dynamic = crossing.group == "dynamic"
        packed = crossing.layout == "packed"
        queries = str(crossing.queries or "S")
        # Static sizes are numbers, others the names of symbols; k is the key heads.
        self.sizes = {
            "b": "1" if crossing.layout == "sequences" else "B",
            "i": queries, "j": queries if packed else "T",
            "d": depth or "D", "e": width or "E",
            "h": "H" if dynamic else crossing.query_heads,
            "k": "K" if dynamic else crossing.key_heads,
            "p": "N", "r": crossing.page, "n": "L",
        }  # fmt: skip
        self.arguments: list[str] = []
        self.lines: list[str] = []
        self.captures = captures_of(crossing)

    def sized(self, dims: Sequence[str]) -> list[str]:
        return [str(self.sizes.get(dim, dim)) for dim in dims]

    @staticmethod
    def type(sizes: Sequence[str], element: str) -> str:
        known = "".join(f"{size if size.isdigit() else '?'}x" for size in sizes)
        return f"tensor<{known}{element}>"

    def slot(self, name: str, sizes: Sequence[str], element: str) -> str:
        symbols = ", ".join('""' if size.isdigit() else f'"{size}"' for size in sizes)
        return f'{self.type(sizes, element)} {{fovea.name = "{name}", fovea.shape = [{symbols}]}}'

    def argument(self, name: str, sizes: Sequence[str], element: str) -> None:
        for place, size in enumerate(sizes):
            line = f"%{size} = tensor.dim %{name}, %c{place} : {self.type(sizes, element)}"
            if not size.isdigit() and not any(f"%{size} =" in known for known in self.lines):
                self.lines.append(line)
        self.arguments.append(f"%{name}: {self.slot(name, sizes, element)}")

    def empty(self, name: str, sizes: Sequence[str], element: str) -> None:
        known = ", ".join(f"%{size}" for size in sizes if not size.isdigit())
        self.lines.append(f"%{name} = tensor.empty({known}) : {self.type(sizes, element)}")

    # Operands

    def key_dims(self, dims: str) -> list[str]:
        """Sizes of keys or values: their heads are k."""
        return self.sized(dims.replace("h", "k"))

    def tensors(self) -> list[str]:
        """Makes query, key and value; their types."""
        crossing, (q, k, v, _) = self.crossing, LAYOUTS[self.crossing.layout]
        shapes = {"q": self.sized(q), "k": self.key_dims(k), "v": self.key_dims(v)}
        types = [self.type(sizes, crossing.dtype) for sizes in shapes.values()]
        if crossing.layout != "packed":
            for name, sizes in shapes.items():
                self.argument(name, sizes, crossing.dtype)
            return types
        heads, first = crossing.query_heads + 2 * crossing.key_heads, 0
        queries = str(self.sizes["i"])
        size = queries if queries.isdigit() else f"%{queries}"
        whole = ["B", queries, str(heads), str(self.sizes["d"])]
        self.argument("qkv", whole, crossing.dtype)
        for name, kind in zip("qkv", types, strict=True):
            count = crossing.query_heads if name == "q" else crossing.key_heads
            self.lines.append(
                f"%{name} = tensor.extract_slice %qkv[0, 0, {first}, 0]"
                f" [%B, {size}, {count}, {self.sizes['d']}] [1, 1, 1, 1]"
                f" : {self.type(whole, crossing.dtype)} to {kind}"
            )
            first += count
        return types

    def capture_sizes(self, capture: Capture) -> list[str]:
        return self.sized(capture.table or capture.dims)

    def maps(self) -> str:
        q, k, v, out = LAYOUTS[self.crossing.layout]
        ratio = self.crossing.ratio
        head = "h" if ratio == 1 else f"h floordiv {ratio}"
        named = {"h": head, "p": f"j floordiv {self.crossing.page}",
                 "r": f"j mod {self.crossing.page}"}  # fmt: skip
        shared = [[named.get(dim, dim) for dim in dims] for dims in (k, v)]
        captured = [capture.dims for capture in self.captures]
        outs = [out, *[out.replace("e", "")] * (self.asks_lse + self.crossing.has_max)]
        return ", ".join(map(_map, [q, *shared, *captured, *outs]))

    @property
    def asks_lse(self) -> bool:
        return self.crossing.has_lse or self.crossing.normalizer == "sink"

    def sugar(self) -> str:
        crossing, text = self.crossing, ""
        if crossing.layout == "pages":
            self.argument("count", ["B"], "i32")
            self.argument("pages", ["B", "M"], "i64")
            text = " lengths(%count : tensor<?xi32>) pages(%pages : tensor<?x?xi64>)"
        if crossing.layout == "sequences":
            self.argument("q_starts", ["L1"], "i32")
            self.argument("k_starts", ["L1"], "i32")
            text = " sequences(%q_starts, %k_starts : tensor<?xi32>, tensor<?xi32>)"
            text += " align_ends" * crossing.aligns_ends
        if crossing.mask == "causal":
            text += " offset(%c0) causal"
        elif crossing.mask in ("offset", "window"):
            self.argument("at", [], "i64")
            self.lines += ["%raw = tensor.extract %at[] : tensor<i64>",
                           "%offset = arith.index_cast %raw : i64 to index"]  # fmt: skip
            text += " offset(%offset)"
            text += " causal" if crossing.mask == "offset" else f" window {list(WINDOW)}"
        if crossing.alibi_is_sugar:
            text += f" alibi(%slopes : {self.type(self.sized('h'), crossing.working)})"
        if crossing.score == "softcap" and crossing.mask != "bias":
            text += f" softcap {SOFTCAP}"
        return text

    # The entry

    def write(self) -> str:
        crossing = self.crossing
        self.lines += [f"%c{index} = arith.constant {index} : index" for index in range(4)]
        types = self.tensors()
        for capture in self.captures:
            self.argument(capture.name, self.capture_sizes(capture), capture.element)
        if crossing.alibi_is_sugar:
            self.argument("slopes", self.sized("h"), crossing.working)
        sugar = self.sugar()
        out = LAYOUTS[crossing.layout][3]
        shapes = [(self.sized(out), crossing.dtype)]
        for _ in range(self.asks_lse + crossing.has_max):
            shapes.append((self.sized(out.replace("e", "")), crossing.working))
        kinds = [self.type(*shape) for shape in shapes]
        for index, shape in enumerate(shapes):
            self.empty(f"init{index}", *shape)
        inits = ", ".join(f"%init{index}" for index in range(len(shapes)))
        captured = ""
        if self.captures:
            names = ", ".join(f"%{capture.name}" for capture in self.captures)
            listed = ", ".join(self.type(self.capture_sizes(c), c.element) for c in self.captures)
            captured = f" captures({names} : {listed})"
        rule = ", normalizer = #fovea.normalizer<sigmoid>" * (crossing.normalizer == "sigmoid")
        regions = Regions(crossing, lambda dims, kind: self.type(self.sized(dims), kind))
        results = ", ".join(f"%r{index}" for index in range(len(shapes)))
        self.lines.append(
            f"{results} = fovea.attention ins(%q, %k, %v : {', '.join(types)}){captured}{sugar}"
            f" outs({inits} : {', '.join(kinds)})\n"
            f"    {{scale = {crossing.scale} : f64, indexing_maps = [{self.maps()}]{rule}}}"
            f" {regions.write()} -> {', '.join(kinds)}"
        )
        if crossing.normalizer == "sink":
            self.apply_sinks(shapes)
            shapes = shapes[:1]
        returned = list(zip(("out", "lse", "max"), shapes, strict=False))
        signature = ", ".join(self.slot(name, *shape) for name, shape in returned)
        final = ", ".join(f"%r{index}" for index in range(len(returned)))
        if crossing.normalizer == "sink":
            final = "%sunk"
        body = "\n  ".join(self.lines)
        return (f"func.func @{self.name}({', '.join(self.arguments)})\n    -> ({signature})"
                f" attributes {{fovea.entry}} {{\n  {body}\n"
                f"  return {final} : {', '.join(kinds[: len(returned)])}\n}}\n")  # fmt: skip

    def apply_sinks(self, shapes: list[tuple[list[str], str]]) -> None:
        """out / (1 + exp(sink - lse)): what a further score in the sums makes of the result."""
        element, real = self.crossing.dtype, self.crossing.working
        out = LAYOUTS[self.crossing.layout][3]
        self.argument("sinks", self.sized("h"), real)
        kinds = [self.type(*shape) for shape in shapes]
        sinks = self.type(self.sized("h"), real)
        maps = ", ".join(
            f"affine_map<({', '.join(out)}) -> ({', '.join(dims)})>"
            for dims in (out, out.replace("e", ""), "h", out)
        )
        kinds_of_loops = ", ".join(['"parallel"'] * len(out))
        first = last = ""
        x, y = "%x", "%z"
        if element != real:
            first, x = f"%wide = arith.extf %x : {element} to {real}", "%wide"
            last, y = f"%y = arith.truncf %z : {real} to {element}", "%y"
        self.empty("init2", *shapes[0])
        self.lines.append(
            f"%sunk = linalg.generic {{indexing_maps = [{maps}],"
            f" iterator_types = [{kinds_of_loops}]}}\n"
            f"    ins(%r0, %r1, %sinks : {', '.join(kinds)}, {sinks})"
            f" outs(%init2 : {kinds[0]}) {{\n"
            f"  ^bb0(%x: {element}, %l: {real}, %sink: {real}, %old: {element}):\n"
            f"    {first}\n    %one = arith.constant 1.0 : {real}\n"
            f"    %far = arith.subf %sink, %l : {real}\n    %power = math.exp %far : {real}\n"
            f"    %sum = arith.addf %one, %power : {real}\n"
            f"    %z = arith.divf {x}, %sum : {real}\n    {last}\n"
            f"    linalg.yield {y} : {element}\n  }} -> {kinds[0]}"
        )


def entry(crossing: Crossing, name: str = "main") -> str:
    """The text of a function of this name."""
    return _Text(crossing, name).write()
