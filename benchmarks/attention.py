"""Single attention operations at fixed sizes, as Fovea, ONNX Runtime and PyTorch take them."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper
from workloads import Feed, Workload

DIMS = "b, h, i, j, d, e"
WINDOW = 256


@dataclass(frozen=True)
class Shape:
    """`kind` is full, causal, window (the last WINDOW keys and the query's own) or alibi (causal,
    with a bias in proportion to the distance)."""

    kind: str
    length: int
    heads: int
    depth: int

    @property
    def name(self) -> str:
        return f"{self.kind}_s{self.length}_h{self.heads}_d{self.depth}"

    @property
    def tensor(self) -> str:
        return f"tensor<1x{self.heads}x{self.length}x{self.depth}xf32>"

    def keep(self) -> np.ndarray:
        i, j = np.arange(self.length)[:, None], np.arange(self.length)[None, :]
        if self.kind == "full":
            return np.ones((self.length, self.length), bool)
        return (j <= i) & (j >= i - WINDOW) if self.kind == "window" else j <= i

    def flops(self) -> int:
        """Of the pairs that are kept; the exponentials are not counted."""
        return 4 * self.heads * self.depth * int(self.keep().sum())

    def slopes(self) -> np.ndarray:
        return (2.0 ** (-8 * np.arange(1, self.heads + 1) / self.heads)).astype(np.float32)


SHAPES = (
    *(Shape(kind, 2048, heads, depth) for heads, depth in ((16, 64), (8, 128))
      for kind in ("full", "causal")),
    *(Shape(kind, length, 12, 64) for length in (512, 128) for kind in ("full", "causal")),
    Shape("alibi", 2048, 16, 64),
    Shape("window", 4096, 16, 64),
)  # fmt: skip

ALIBI = """ score {
    ^bb0(%s: f32, %b: index, %h: index, %i: index, %j: index, %slope: f32):
      %behind = arith.subi %j, %i : index
      %whole = arith.index_cast %behind : index to i32
      %distance = arith.sitofp %whole : i32 to f32
      %bias = arith.mulf %distance, %slope : f32
      %sum = arith.addf %s, %bias : f32
      fovea.yield %sum : f32
    }"""


def module(shape: Shape) -> str:
    """MLIR text with one fovea.attention."""
    sugar = {"full": "", "window": f"offset(%zero) causal window [{WINDOW}, 0]"}
    captures = argument = ""
    maps = ["b, h, i, d", "b, h, j, d", "b, h, j, e", "b, h, i, e"]
    if shape.kind == "alibi":
        argument = f', %m: tensor<{shape.heads}xf32> {{fovea.name = "m"}}'
        captures = f"captures(%m : tensor<{shape.heads}xf32>)"
        maps.insert(3, "h")
    listed = ", ".join(f"affine_map<({DIMS}) -> ({results})>" for results in maps)
    t = shape.tensor
    return f"""
func.func @main(%q: {t} {{fovea.name = "q"}}, %k: {t} {{fovea.name = "k"}},
    %v: {t} {{fovea.name = "v"}}{argument}) -> ({t} {{fovea.name = "y"}}) {{
  %zero = arith.constant 0 : index
  %o = tensor.empty() : {t}
  %y = fovea.attention ins(%q, %k, %v : {t}, {t}, {t}) {captures}
    {sugar.get(shape.kind, "offset(%zero) causal")} outs(%o : {t})
    {{scale = {shape.depth**-0.5} : f64, indexing_maps = [{listed}]}}
    {ALIBI if shape.kind == "alibi" else ""} -> {t}
  return %y : {t}
}}
"""


def onnx_model(shape: Shape) -> onnx.ModelProto:
    """One Attention node; only for full and causal."""
    sizes = [1, shape.heads, shape.length, shape.depth]
    info = [helper.make_tensor_value_info(name, TensorProto.FLOAT, sizes) for name in "qkvy"]
    node = helper.make_node("Attention", list("qkv"), ["y"], is_causal=int(shape.kind == "causal"))
    graph = helper.make_graph([node], shape.name, info[:3], info[3:])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 23)], ir_version=10)


def _torch(shape: Shape, feed: Feed) -> Callable[[], Feed]:
    """scaled_dot_product_attention, and compiled flex_attention for what it has no argument for."""
    import torch
    from torch.nn.attention import flex_attention as flex

    q, k, v = (torch.from_numpy(feed[name]) for name in "qkv")
    if shape.kind in ("full", "causal"):
        sdpa, causal = torch.nn.functional.scaled_dot_product_attention, shape.kind == "causal"
        call: Callable[[], torch.Tensor] = lambda: sdpa(q, k, v, is_causal=causal)  # noqa: E731
    else:
        window, length = shape.kind == "window", shape.length
        slopes = torch.from_numpy(shape.slopes())

        def keep(_b, _h, i, j):  # noqa: ANN001, ANN202
            return (j <= i) & (j >= i - WINDOW) if window else j <= i

        def bias(score, _b, h, i, j):  # noqa: ANN001, ANN202
            return score if window else score + (j - i) * slopes[h]

        mask = flex.create_block_mask(keep, None, None, length, length, device="cpu")
        compiled = torch.compile(flex.flex_attention)
        call = lambda: compiled(q, k, v, score_mod=bias, block_mask=mask)  # noqa: E731

    def run() -> Feed:
        with torch.inference_mode():
            return {"y": call().numpy()}

    return run


def workloads(folder: Path) -> list[Workload]:
    """All shapes; `folder` takes the files that are made."""
    made = []
    for shape in SHAPES:
        rng = np.random.default_rng(shape.length)
        sizes = (3, 1, shape.heads, shape.length, shape.depth)
        feed = dict(zip("qkv", rng.standard_normal(sizes).astype(np.float32), strict=True))
        source, path = folder / f"{shape.name}.mlir", folder / f"{shape.name}.onnx"
        source.write_text(module(shape))
        simple = shape.kind in ("full", "causal")
        if simple:
            onnx.save(onnx_model(shape), path)
        ours = feed | {"m": shape.slopes()} if shape.kind == "alibi" else feed
        load = lambda shape=shape, feed=feed: _torch(shape, feed)  # noqa: E731
        made.append(Workload(shape.name, source, path if simple else None, ours, load,
                             shape.flops()))  # fmt: skip
    return made
