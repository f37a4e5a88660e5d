"""Programs with fixed inputs and what they must give, to be compared on a GPU.

Samples of the tests' grids of attention and recurrences, of the onnx package's cases, and larger
operations. Results and bounds are those that the tests have, computed in float64. Results are kept
in float32, which the bounds are widened for, and bounds in bf16, rounded up.
"""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import random
import re
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "test" / folder) for folder in ("", "Attention", "Recurrence", "Onnx")]
sys.path[:0] = [str(ROOT / folder) for folder in ("benchmarks", "examples", "python")]

import attention  # noqa: E402
import case_inputs  # noqa: E402
import cover  # noqa: E402
import expectations  # noqa: E402
import node_cases  # noqa: E402
import oracle  # noqa: E402
import problem  # noqa: E402
import program_text  # noqa: E402
import recurrence  # noqa: E402
import rnn_cases  # noqa: E402
import rnn_oracle  # noqa: E402
import rnn_programs  # noqa: E402
import rnn_text  # noqa: E402
from case_inputs import Case, canonical  # noqa: E402

from gpu import programs  # noqa: E402
from gpu.artifacts import Compiler, entries, forms  # noqa: E402

Array = np.ndarray
Pair = tuple[Array, Array]
SEED = 11
# Of the onnx package's cases, those of operations that models are made of.
ONNX = re.compile("attention|lstm|gru|rnn|softmax|matmul|gemm|gather|norm|gelu|reduce|conv(?!ert)")
HALF = 2.0**-24
# Of the inputs of a case of the grid of attention.
MOST_ELEMENTS = 60_000


@dataclass(frozen=True)
class Amounts:
    """Programs of each kind, and of the grids the cases of each."""

    attention: int
    recurrences: int
    onnx: int
    cases: int
    large: bool


FULL = Amounts(44, 24, 80, 2, True)
TINY = Amounts(2, 2, 3, 1, False)


@dataclass
class Made:
    """One run: inputs by name, and by the places of outputs the results and their bounds."""

    name: str
    inputs: Mapping[str, Array]
    wanted: list[Pair]


@dataclass
class Sweep:
    """Writes programs and their cases; `index` is what the visit reads."""

    compiler: Compiler
    index: list[dict[str, Any]] = field(default_factory=list)

    def add(self, file: str, source: str | bytes, made: list[Made], beside: Path | None = None,
            ) -> None:  # fmt: skip
        """What the target refuses is left out, and named by the compiler."""
        if self.compiler.compile(source, file, beside):
            self.keep(file, made)

    def keep(self, file: str, made: list[Made]) -> None:
        """Cases of a program that is compiled."""
        path = self.compiler.folder / file
        entry, arrays = entries(path)[0], {}
        for number, one in enumerate(made):
            key = f"c{number}"
            outputs = []
            for place, info in enumerate(entry["inputs"]):
                arrays[f"{key}_in{place}"] = _stored(one.inputs[info["name"]])
            for place, (want, bound) in enumerate(one.wanted):
                arrays[f"{key}_want{place}"], arrays[f"{key}_bound{place}"] = _kept(want, bound)
                outputs.append([entry["outputs"][place]["dtype"], list(want.shape)])
            inputs = [[info["dtype"], list(one.inputs[info["name"]].shape)]
                      for info in entry["inputs"]]  # fmt: skip
            self.index.append({"case": one.name, "file": file, "key": key, "entry": entry["name"],
                               "inputs": inputs, "outputs": outputs,
                               "forms": forms(path)})  # fmt: skip
        np.savez_compressed(path.with_suffix(".npz"), **arrays)


def _stored(array: Array) -> Array:
    """As bytes that numpy can read without the type's package."""
    array = np.ascontiguousarray(array)
    return array.view(np.uint16) if array.dtype.name == "bfloat16" else array


def _kept(want: Array, bound: Array) -> Pair:
    if want.dtype.kind in "biu":
        return want, np.zeros(want.shape, np.uint16)
    with np.errstate(over="ignore", invalid="ignore"):
        kept = want.astype(np.float32)
        wider = bound + HALF * np.abs(want) + np.finfo(np.float32).tiny
        wider = np.where(np.isfinite(wider), wider, np.inf).astype(np.float32)
    # The upper half of the next number that has no lower one.
    upper = (wider.view(np.uint32) >> 16) + np.isfinite(wider)
    return kept, upper.astype(np.uint16)


def _arranged(crossing: Any, name: str, x: Array) -> Array:
    """[B, H, S, E] or [B, H, S] in the program's layout."""
    dims = "bhie" if name == "out" else "bhi"
    layout = [dim for dim in program_text.LAYOUTS[crossing.layout][3] if dim in dims]
    return x.transpose([dims.index(dim) for dim in layout])


def add_attention(sweep: Sweep, amounts: Amounts) -> None:
    count = max(amounts.attention, 1)
    numbers = random.Random(SEED).sample(range(len(cover.programs())), len(cover.programs()))
    added = 0
    for number in numbers:
        crossing = cover.programs()[number]
        if added == count:
            return
        if crossing.dtype == "f64":
            continue
        text = program_text.entry(crossing)
        made = [_attention_case(case) for case in _some(crossing, number, amounts.cases)]
        if not made:
            continue
        before = len(sweep.index)
        sweep.add(f"sweep/attention_{number}.fvm", text, made)
        added += len(sweep.index) > before


def _some(crossing: Any, number: int, count: int) -> list[Case]:
    """The largest of a program's cases that do not fill the folder."""
    cases = case_inputs.cases_of(crossing, number, 8)
    width = crossing.query_heads * sum(size or 24 for size in crossing.heads)
    few = [
        case for case in cases if case.batch * (case.queries + case.keys) * width < MOST_ELEMENTS
    ]
    few.sort(key=lambda case: -case.batch * case.queries * case.keys)
    return few[:count]


def _attention_case(case: Case) -> Made:
    given = case_inputs.inputs_of(case)
    # Tensor cores take weights in the type of values: the wider bound, whatever the form.
    want = oracle.answer(case.crossing, given, case.crossing.dtype in ("f16", "bf16"))
    pairs = [("out", want.out, want.out_bound)]
    if case.crossing.has_lse:
        pairs.append(("lse", want.lse, want.lse_bound))
    if case.crossing.has_max:
        pairs.append(("max", want.max, want.max_bound))
    wanted = []
    for name, value, bound in pairs:
        value, bound = (_arranged(case.crossing, name, x) for x in (value, bound))
        assert canonical(case.crossing, name, value).shape == getattr(want, name).shape
        wanted.append((value, bound))
    return Made(f"attention {case}", case_inputs.laid_out(case, given), wanted)


def add_recurrences(sweep: Sweep, amounts: Amounts) -> None:
    for number in range(amounts.recurrences):
        program = rnn_programs.programs()[number]
        if program.dtype == "f64":
            continue
        with tempfile.TemporaryDirectory() as folder:
            constants = rnn_cases.write_constants(program, number, Path(folder))
            text = rnn_text.entry(program, "main", constants)
            cases = rnn_cases.cases_of(program, number, amounts.cases)
            sweep.add(f"sweep/recurrence_{number}.fvm", text,
                      [_recurrence_case(case) for case in cases], Path(folder))  # fmt: skip


def _recurrence_case(case: rnn_cases.Case) -> Made:
    given = rnn_cases.inputs_of(case)
    balls = rnn_oracle.answer(case.program, given)
    return Made(f"recurrence {case}", rnn_cases.arguments(case, given),
                [(ball.value, ball.error) for ball in balls.values()])  # fmt: skip


def add_onnx(sweep: Sweep, amounts: Amounts) -> None:
    listed = expectations.parse(expectations.LIST.read_text())
    every = node_cases.collect()
    names = sorted({name for (name, _), words in listed.items()
                    if words == "pass" and ONNX.search(name) and name in every})  # fmt: skip
    for name in sorted(random.Random(SEED).sample(names, min(amounts.onnx, len(names)))):
        case = every[name]
        given, results = case.data[0]
        if not all(isinstance(x, np.ndarray) for x in (*given, *results)):
            continue
        if any(x.dtype.name not in TYPES for x in (*given, *results)):
            continue
        held = {one.name for one in case.model.graph.initializer}
        inputs = [one.name for one in case.model.graph.input if one.name not in held]
        wanted = [(x, case.rtol * np.abs(x.astype(np.float64)) + case.atol) for x in results]
        one = Made(f"onnx {name}", dict(zip(inputs, given, strict=False)), wanted)
        sweep.add(f"sweep/onnx_{name}.fvm", case.model.SerializeToString(), [one])


TYPES = ("float32", "float16", "bool", "int8", "int32", "int64", "uint8")


def add_large(sweep: Sweep, amounts: Amounts) -> None:
    """Operations of the sizes that are timed, or near them."""
    if not amounts.large:
        return
    for depth in (64, 128, 256):
        for kind in ("full", "causal"):
            _add_problem(sweep, attention.Attention(kind, 520, 1, depth, "bf16"))
    _add_problem(sweep, attention.Attention("decode", 2048, 8, 128, "bf16", 1, 4))
    # Around tiles of 64, and of few rows; the last ones have no depth that tiles take.
    shapes = ((192, 160, 256), (64, 64, 64), (17, 100, 192), (130, 192, 128), (1, 512, 256),
              (65, 70, 100))  # fmt: skip
    for dtype in ("bf16", "f16", "f32"):
        for sizes in shapes:
            _add_product(sweep, dtype, sizes)
    for kind in ("lstm", "gru"):
        _add_recurrence(sweep, recurrence.Recurrence(kind, 4, 160, 12))


def _add_problem(sweep: Sweep, one: attention.Attention) -> None:
    feed = one.inputs()
    expected = one.expected(feed)
    bound = np.full(expected.result.shape, expected.tolerance)
    sweep.add(f"sweep/{one.label}.fvm", attention.module(one),
              [Made(one.label, feed, [(expected.result, bound)])])  # fmt: skip


def _add_product(sweep: Sweep, dtype: str, sizes: tuple[int, int, int]) -> None:
    """Products of 16-bit elements are exact in f32: sums alone round, and then the result."""
    rng = np.random.default_rng(sizes)
    rows, columns, depth = sizes
    shapes = {"x": (rows, depth), "w": (columns, depth)}
    feed = {}
    for name, shape in shapes.items():
        wide = rng.standard_normal(shape).astype(np.float32)
        feed[name] = wide.astype(np.float16) if dtype == "f16" else problem.typed(wide, dtype)
    x, w = (feed[name].astype(np.float64) for name in "xw")
    want, size = x @ w.T, np.abs(x) @ np.abs(w).T
    bound = (depth + 2) * HALF * size
    bound = bound + oracle.ROUNDING[dtype][0] * (np.abs(want) + bound)
    one = programs.product(rows, columns, depth, dtype)
    sweep.add(f"sweep/{one.case}.fvm", one.text, [Made(one.case, feed, [(want, bound)])])


def _add_recurrence(sweep: Sweep, one: recurrence.Recurrence) -> None:
    feed = one.inputs()
    expected = one.expected(feed)
    state = (1, one.batch, one.hidden)
    bound = np.broadcast_to(expected.tolerance, expected.result.shape)
    wanted = [tuple(part[: one.steps].reshape(one.steps, *state)
                    for part in (expected.result, bound))]  # fmt: skip
    wanted += [tuple(part[one.steps + place].reshape(state) for part in (expected.result, bound))
               for place in range(one.states)]  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        recurrence.write_module(one, feed, Path(folder))
        sweep.add(f"sweep/{one.label}.fvm", recurrence.module(one),
                  [Made(one.label, {"x": feed["x"]}, wanted)], Path(folder))  # fmt: skip


def write(sweep: Sweep, amounts: Amounts) -> None:
    """All programs."""
    for add in (add_attention, add_recurrences, add_onnx, add_large):
        add(sweep, amounts)
