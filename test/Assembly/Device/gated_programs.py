"""The programs whose kernels are held to forms.toml: what a GPU is to run, one for each way there.

Those of a visit to a GPU, of the grids of attention and of recurrences, of the tests of forms, and
operators of ONNX, of floats of each type and of sizes that are known only at run time.
"""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import cover
import onnx
import onnx.parser
import program_text
import rnn_cases
import rnn_programs
import rnn_text
import test_attention_forms
import test_product_forms
import test_softmax_form
from crossings import Crossing
from gpu import programs as visit


@dataclass(frozen=True)
class Program:
    """`write` puts a model and its weights into a folder and gives the model's file. Those that are
    `sampled` are tested; program_gate.py --all looks at the rest of the grids, too."""

    name: str
    write: Callable[[Path], Path]
    sampled: bool = True


def _program(name: str, text: str, sampled: bool = True) -> Program:
    def write(folder: Path) -> Path:
        file = folder / "model.mlir"
        file.write_text(text)
        return file

    return Program(name, write, sampled)


def _kind(case: str) -> str:
    """Programs of one kind have kernels that tell sizes apart by their constants alone."""
    return re.sub(r"_[BHMNKST]\d+", "", case)


# Beginnings of names of what is timed beyond the first of each kind.
CHOSEN = ("gemm_M16_", "gemm_M128_", "attn_causal_B1_S16384_")


def of_visit() -> Iterator[Program]:
    """What is timed: decode, whose number of parts follows from sizes, attention of many keys, and
    products of few and of many rows; of the others one of each kind."""
    seen = set()
    for one in visit.programs(tiny=False):
        kind = one.case if one.section == "decode" else _kind(one.case)
        if kind not in seen or one.case.startswith(CHOSEN):
            yield _program(one.case, one.text)
        seen.add(kind)


def of_grids() -> Iterator[Program]:
    """All of both grids; tested are of attention a few that have each value of each dimension, and
    the first recurrences, which are of all kinds."""
    chosen = cover.sample(12, seed=3)
    for number, crossing in enumerate(cover.programs()):
        text = program_text.entry(crossing)
        yield _program(f"attention {number}", text, number in chosen)
    for number, program in enumerate(rnn_programs.programs()):

        def write(folder: Path, number: int = number,
                  program: rnn_programs.Program = program) -> Path:  # fmt: skip
            files = rnn_cases.write_constants(program, number, folder)
            file = folder / "model.mlir"
            file.write_text(rnn_text.entry(program, "main", files))
            return file

        yield Program(f"recurrence {number}", write, number < 8)


# Gates of states by weights of gates, units and states, in an order.
GATES = """
func.func @main(%h: tensor<?x40xf32> {fovea.name = "h", fovea.shape = ["R", ""]},
    %w: WEIGHT {fovea.name = "w"})
    -> (tensor<?x6xf32> {fovea.name = "y", fovea.shape = ["R", ""]}) {
  %c0 = arith.constant 0 : index
  %r = tensor.dim %h, %c0 : tensor<?x40xf32>
  %e = tensor.empty(%r) : tensor<?x6xf32>
  %y = fovea.gates ins(%h, %w : tensor<?x40xf32>, WEIGHT) outs(%e : tensor<?x6xf32>)
      {capture_maps = []ORDER} cell {
  ^bb0(%s0: f32, %s1: f32):
    %p = arith.mulf %s0, %s1 : f32
    fovea.yield %p : f32
  } -> tensor<?x6xf32>
  return %y : tensor<?x6xf32>
}
"""
# Attention on tensor cores, of many queries and of one, whose keys are split: by sizes of heads, by
# masks, by scores, and of f16 with logarithms of sums.
LARGE = [{"heads": (size, size), "mask": "causal"} for size in (32, 96, 256)]
MASKED = [{"mask": mask} for mask in ("window", "bool", "documents")]
SCORED = [{"score": "softcap"}, {"score": "relative", "mask": "bias"}]
OTHERS = [{"dtype": "f16", "normalizer": "lse", "mask": "causal"}]
# Of many queries, where registers are tightest; and 16 queries of heads too large for other forms,
# whose keys are split.
TIGHT_MASKS = {32: ("window",), 64: ("bool",), 96: ("bool",),
               192: ("bool", "window", "documents", "causal"),
               256: ("bool", "window", "documents")}  # fmt: skip
TIGHT = [
    *({"heads": (size, size), "mask": mask} for size, masks in TIGHT_MASKS.items()
      for mask in masks),
    *({"heads": (size, size), "score": "relative", "mask": "causal"} for size in (128, 256)),
    {"heads": (256, 256), "queries": 16},
]  # fmt: skip


def _unusual(crossing: Crossing) -> str:
    """What a crossing does not have like most others."""
    words = zip(str(crossing).split(), str(Crossing()).split(), strict=True)
    return " ".join(word for word, usual in words if word != usual)


def of_forms() -> Iterator[Program]:
    """Attention by each form, as tests of the forms have it or large heads; gates; products."""
    forms = test_attention_forms
    made = [*forms.MANY[forms.WARPS][::2], forms.SPLIT[0], *forms.FEW_ROWS[forms.DECODES][:2]]
    for queries in (0, 1):
        base = Crossing(dtype="bf16", group="4", heads=(128, 128), queries=queries)
        made += [replace(base, **values) for values in (*LARGE, *MASKED, *SCORED, *OTHERS)]
    made += [replace(Crossing(dtype="bf16", group="4"), **values) for values in TIGHT]
    for crossing in made:
        yield _program(_unusual(crossing), program_text.entry(crossing))
    for name, weight, order in (("warp", "2x6x40", ""), ("loop", "2x40x6", "0, 2, 1")):
        order = order and f", weight_order = array<i64: {order}>"
        text = GATES.replace("WEIGHT", f"tensor<{weight}xf32>").replace("ORDER", order)
        yield _program(f"{name}_gates", text)
    for form, dtype, as_rows, *sizes in test_product_forms.CASES[::3]:
        text = test_product_forms.program(dtype, as_rows, tuple(sizes), 0)
        yield _program(f"{form} {dtype} {as_rows} {sizes}", text)


# Bodies of graphs over x of type T by name, with the declarations of x, of what else there is, and
# of the result y.
MATRIX = "T[R, C] x", "T[R, C] y"
OPERATORS = {
    "softmax": (*MATRIX, "y = Softmax <axis = -1> (x)"),
    "log_softmax": (*MATRIX, "y = LogSoftmax <axis = -1> (x)"),
    "layer_norm": ("T[R, C] x, T[C] s, T[C] b", "T[R, C] y", "y = LayerNormalization (x, s, b)"),
    "rms_norm": ("T[R, C] x, T[C] s", "T[R, C] y", "y = RMSNormalization (x, s)"),
    "instance_norm": ("T[N, 8, S] x, T[8] s, T[8] b", "T[N, 8, S] y",
                      "y = InstanceNormalization (x, s, b)"),
    "mean": ("T[R, C] x", "T[R] y", "a = Constant <value_ints = [1]> () "
             "y = ReduceMean <keepdims = 0> (x, a)"),
    "max_of_columns": ("T[R, C] x", "T[C] y", "a = Constant <value_ints = [0]> () "
                       "y = ReduceMax <keepdims = 0> (x, a)"),
    "gelu": (*MATRIX, "y = Gelu (x)"),
    "sigmoid_of_sum": ("T[R, C] x, T[C] b", "T[R, C] y", "s = Add (x, b) y = Sigmoid (s)"),
    "divide": ("T[R, C] x, T[R, C] z", "T[R, C] y", "y = Div (x, z)"),
    "exponential": (*MATRIX, "y = Exp (x)"),
    "logarithm": (*MATRIX, "y = Log (x)"),
    "root": (*MATRIX, "y = Sqrt (x)"),
    "tanh": (*MATRIX, "y = Tanh (x)"),
    "transpose": ("T[R, C] x", "T[C, R] y", "y = Transpose (x)"),
    "concat": ("T[R, C] x, T[R, D] z", "T[R, E] y", "y = Concat <axis = 1> (x, z)"),
    "gather": ("T[R, C] x, int64[N] i", "T[N, C] y", "y = Gather (x, i)"),
    "gather_elements": ("T[R, C] x, int64[N, C] i", "T[N, C] y", "y = GatherElements (x, i)"),
    "convolution": ("T[B, 16, S] x, T[24, 16, 3] w, T[24] b", "T[B, 24, O] y",
                    "y = Conv <pads = [1, 1]> (x, w, b)"),
    "convolution_of_channels": ("T[B, 16, S] x, T[16, 1, 5] w", "T[B, 16, O] y",
                                "y = Conv <group = 16> (x, w)"),
    "matrices": ("T[M, 384] x, T[384, 200] w", "T[M, 200] y", "y = MatMul (x, w)"),
    "linear": ("T[64, 384] x, T[200, 384] w, T[200] b", "T[64, 200] y",
               "y = Gemm <transB = 1> (x, w, b)"),
    "linear_of_few_rows": ("T[4, 384] x, T[200, 384] w, T[200] b", "T[4, 200] y",
                           "y = Gemm <transB = 1> (x, w, b)"),
}  # fmt: skip
TYPES = {"f32": "float", "f16": "float16", "f64": "double"}


def operator(name: str, dtype: str) -> onnx.ModelProto:
    given, result, body = OPERATORS[name]
    text = f'<ir_version: 10, opset_import: ["" : 23]> g ({given}) => ({result}) {{ {body} }}'
    return onnx.parser.parse_model(re.sub(r"\bT\b", TYPES[dtype], text))


def of_graphs() -> Iterator[Program]:
    for dtype in ("f32", "f64"):
        text = test_softmax_form.program(dtype, 1)
        yield _program(f"softmax behind the graph {dtype}", text)


# Those that differ by more than an instruction from one type to another.
ALL_TYPES = ("softmax", "layer_norm", "mean", "divide", "convolution", "matrices")


def of_operators() -> Iterator[Program]:
    for dtype in TYPES:
        for name in OPERATORS if dtype == "f32" else ALL_TYPES:

            def write(folder: Path, name: str = name, dtype: str = dtype) -> Path:
                file = folder / "model.onnx"
                onnx.save(operator(name, dtype), file)
                return file

            yield Program(f"{name} {dtype}", write)


def programs(everything: bool = False) -> list[Program]:
    """The sample, or all, of distinct names."""
    found = [*of_visit(), *of_grids(), *of_forms(), *of_operators(), *of_graphs()]
    assert len({program.name for program in found}) == len(found)
    return [program for program in found if everything or program.sampled]
