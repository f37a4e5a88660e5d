"""Attention over packed sequences: each against float64 by itself, with the same bits whatever the
others hold, on the CPU and on the reference; starts that are none stop the run.
"""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from subprocess import CompletedProcess

import fovea
import ml_dtypes
import numpy as np
import pytest
from attention_limits import ROUNDING, limit_of
from build_tree import fovea as run_program
from grid import rounds_weights

Array = np.ndarray
DIMS = "b, h, i, j, d, e"
HEADS, SHARED, DEPTH, WIDTH = 4, 2, 32, 48
OFFSET, WINDOW, FAR = 2, (40, 7), 2**40
ELEMENTS = {"f32": np.float32, "bf16": ml_dtypes.bfloat16, "f16": np.float16, "f64": np.float64}
# Queries and keys of each sequence.
PACKS = (
    ((5, 5), (1, 1), (70, 70), (3, 3)),
    ((1, 200), (1, 7), (1, 96), (1, 33)),
    ((0, 4), (64, 0), (0, 0), (17, 130), (130, 17)),
    ((300, 300),),
    (),
    tuple((n % 23, (n * 7) % 31) for n in range(60)),
)


@dataclass(frozen=True)
class Case:
    """One attention over any number of sequences."""

    sugar: str = "none"
    aligned: bool = False
    element: str = "f32"
    regions: bool = False
    lse: bool = False
    starts: str = "i32"

    def text(self) -> str:
        e, real = self.element, "f64" if self.element == "f64" else "f32"
        q, y = f"tensor<1x?x{HEADS}x{DEPTH}x{e}>", f"tensor<1x?x{HEADS}x{WIDTH}x{e}>"
        k, v = f"tensor<1x?x{SHARED}x{DEPTH}x{e}>", f"tensor<1x{SHARED}x?x{WIDTH}x{e}>"
        log = f"tensor<1x{HEADS}x?x{real}>"
        head = f"h floordiv {HEADS // SHARED}"
        captures = ["h", "", "i"] if self.regions else []
        maps = ["b, i, h, d", f"b, j, {head}, d", f"b, {head}, j, e", *captures,
                "b, i, h, e", *["b, h, i"][: self.lse]]  # fmt: skip
        listed = ", ".join(f"affine_map<({DIMS}) -> ({results})>" for results in maps)
        sugar = {"none": "", "causal": "offset(%at) causal", "far": "offset(%far) causal",
                 "window": f"offset(%at) window {list(WINDOW)}"}[self.sugar]  # fmt: skip
        captured = f"tensor<{HEADS}x{real}>, tensor<?xi32>, tensor<?xi32>"
        arguments = ("%b: index, %h: index, %i: index, %j: index, %slope: " + real
                     + ", %limits: tensor<?xi32>, %own: i32")  # fmt: skip
        regions = f"""score {{
      ^bb0(%s: {real}, {arguments}):
        %apart = arith.subi %j, %i : index
        %whole = arith.index_cast %apart : index to i32
        %float = arith.sitofp %whole : i32 to {real}
        %bias = arith.mulf %float, %slope : {real}
        %x = arith.addf %s, %bias : {real}
        fovea.yield %x : {real}
      }} mask {{
      ^bb0({arguments}):
        %limit = fovea.capture_load %limits[%b] : tensor<?xi32> -> i32
        %most = arith.maxsi %limit, %own : i32
        %n = arith.index_cast %most : i32 to index
        %keep = arith.cmpi slt, %j, %n : index
        fovea.yield %keep : i1
      }}"""
        results, one, many = (f"{y}, {log}", "%r:2", "%r#0, %r#1") if self.lse else (y, "%r", "%r")
        align = "align_ends " * self.aligned
        return f"""
func.func @main(%q: {q} {{fovea.name = "q", fovea.shape = ["", "S", "", ""]}},
    %k: {k} {{fovea.name = "k", fovea.shape = ["", "T", "", ""]}},
    %v: {v} {{fovea.name = "v", fovea.shape = ["", "", "T", ""]}},
    %qs: tensor<?x{self.starts}> {{fovea.name = "qs", fovea.shape = ["N1"]}},
    %ks: tensor<?x{self.starts}> {{fovea.name = "ks", fovea.shape = ["N1"]}},
    %slopes: tensor<{HEADS}x{real}> {{fovea.name = "slopes"}},
    %ends: tensor<?xi32> {{fovea.name = "limits", fovea.shape = ["N"]}},
    %rows: tensor<?xi32> {{fovea.name = "own", fovea.shape = ["S"]}}) -> ({results}) {{
  %at = arith.constant {OFFSET} : index
  %far = arith.constant {FAR} : index
  %one = arith.constant 1 : index
  %size = tensor.dim %q, %one : {q}
  %o = tensor.empty(%size) : {y}
  %l = tensor.empty(%size) : {log}
  {one} = fovea.attention ins(%q, %k, %v : {q}, {k}, {v})
      {f"captures(%slopes, %ends, %rows : {captured})" * self.regions}
      sequences(%qs, %ks : tensor<?x{self.starts}>, tensor<?x{self.starts}>) {align}{sugar}
      outs({"%o, %l" if self.lse else "%o"} : {results}) {{scale = 0.25 : f64,
      indexing_maps = [{listed}]}} {regions * self.regions} -> {results}
  return {many} : {results}
}}"""


def feed_of(case: Case, pack: tuple[tuple[int, int], ...]) -> dict[str, Array]:
    rng = np.random.default_rng(len(pack))
    queries, keys = (np.array([0, *(s[n] for s in pack)]).cumsum() for n in (0, 1))
    element, kind = ELEMENTS[case.element], {"i32": np.int32, "i64": np.int64}[case.starts]
    return {
        "q": rng.standard_normal((1, queries[-1], HEADS, DEPTH)).astype(element),
        "k": rng.standard_normal((1, keys[-1], SHARED, DEPTH)).astype(element),
        "v": rng.standard_normal((1, SHARED, keys[-1], WIDTH)).astype(element),
        "qs": queries.astype(kind),
        "ks": keys.astype(kind),
        "slopes": (0.1 * rng.random(HEADS)).astype(np.float64 if element is np.float64 else "f4"),
        "limits": rng.integers(0, 60, len(pack)).astype(np.int32),
        "own": rng.integers(0, 40, queries[-1]).astype(np.int32),
    }


def expected(case: Case, feed: dict[str, Array], n: int) -> tuple[Array, Array, Array]:
    """Result [S, H, E] and log-sum-exp [H, S] of sequence n, by the formula in float64, and the
    result of the values' sizes."""
    rows, columns = (slice(*feed[name][n : n + 2]) for name in ("qs", "ks"))
    group = HEADS // SHARED
    q = feed["q"][0, rows].astype(np.float64).transpose(1, 0, 2)
    k = np.repeat(feed["k"][0, columns].astype(np.float64).transpose(1, 0, 2), group, axis=0)
    v = np.repeat(feed["v"][0][:, columns].astype(np.float64), group, axis=0)
    i, j = np.arange(q.shape[1])[:, None], np.arange(k.shape[1])[None, :]
    center = i + (FAR if case.sugar == "far" else OFFSET)
    center = center + (k.shape[1] - q.shape[1]) * case.aligned
    keep = np.ones((q.shape[1], k.shape[1]), bool)
    if case.sugar in ("causal", "far"):
        keep &= j <= center
    if case.sugar == "window":
        keep &= (j >= center - WINDOW[0]) & (j <= center + WINDOW[1])
    scores = 0.25 * q @ k.swapaxes(1, 2)
    if case.regions:
        keep &= j < np.maximum(feed["limits"][n], feed["own"][rows][:, None])
        scores = scores + feed["slopes"].astype(np.float64)[:, None, None] * (j - i)
    scores = np.where(keep, scores, -np.inf)
    most = scores.max(-1, keepdims=True, initial=-1e300)
    weights = np.exp(scores - most)
    total = weights.sum(-1, keepdims=True)
    with np.errstate(divide="ignore"):
        lse = np.where(total > 0, most + np.log(total), -np.inf)[..., 0]
    weights /= np.where(total == 0, 1, total)
    y, size = ((weights @ x).transpose(1, 0, 2) for x in (v, np.abs(v)))
    return y, lse, size


def check(
    case: Case, feed: dict[str, Array], got: dict[str, Array], which: range, rounds: bool = False
) -> None:
    """Where weights are rounded before products, each is off by half of its last bit."""
    for n in which:
        y, lse, size = expected(case, feed, n)
        rows = slice(*feed["qs"][n : n + 2])
        error = np.abs(got["result0"][0, rows].astype(np.float64) - y)
        limit = limit_of(y, DEPTH, case.element) + rounds * size * ROUNDING.get(case.element, 0)
        assert np.all(error <= limit), f"sequence {n}"
        if case.lse:
            np.testing.assert_allclose(got["result1"][0][:, rows], lse, rtol=1e-5, atol=1e-5)


CASES = (
    Case(),
    Case("causal", lse=True),
    Case("causal", aligned=True, starts="i64"),
    Case("far", aligned=True),
    Case("window", aligned=True, lse=True),
    Case("window", element="bf16"),
    Case("causal", aligned=True, element="f16", lse=True),
    Case("none", regions=True, lse=True),
    Case("causal", regions=True, aligned=True, element="bf16"),
    Case("window", regions=True, starts="i64"),
    Case("window", regions=True, element="f64", lse=True),
)


@pytest.mark.parametrize("case", CASES, ids=str)
@pytest.mark.parametrize("target", ["host", "x86-64-v3"])
def test_each_sequence_agrees_with_float64(case: Case, target: str) -> None:
    module = fovea.compile(case.text(), target=target)
    rounds = any(rounds_weights(module))
    for pack in PACKS:
        feed = feed_of(case, pack)
        got = module(**feed)
        check(case, feed, got, range(len(pack)), rounds)
        # What one sequence holds, others do not see.
        for bad in range(0, len(pack), 7):
            keys = slice(*feed["ks"][bad : bad + 2])
            poisoned = {name: x.copy() for name, x in feed.items()}
            poisoned["k"][:, keys], poisoned["v"][:, :, keys] = np.nan, np.inf
            again = module(**poisoned)
            rows = np.ones(feed["q"].shape[1], bool)
            rows[slice(*feed["qs"][bad : bad + 2])] = False
            assert again["result0"][:, rows].tobytes() == got["result0"][:, rows].tobytes()


def on_reference(folder: Path, case: Case, feed: dict[str, Array]) -> CompletedProcess[str]:
    """Runs the reference, which leaves its results in out.npz."""
    (folder / "packed.mlir").write_text(case.text())
    arguments = []
    for name, x in feed.items():
        np.save(folder / f"{name}.npy", x)
        arguments.append(f"--input={name}=@{name}.npy")
    return run_program(folder, "run", "packed.mlir", "--target=reference", "--out=out.npz",
                       *arguments)  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_reference_agrees(case: Case, tmp_path: Path) -> None:
    for pack in PACKS[:4]:
        feed = feed_of(case, pack)
        done = on_reference(tmp_path, case, feed)
        assert done.returncode == 0, done.stderr
        with np.load(tmp_path / "out.npz") as results:
            # .npy has no name for bf16 and calls it two bytes of anything.
            got = {name: x.view(ml_dtypes.bfloat16) if x.dtype.kind == "V" else x
                   for name, x in results.items()}  # fmt: skip
        check(case, feed, got, range(len(pack)))


@pytest.mark.parametrize(
    ("name", "starts", "what"),
    [("qs", (1, 5, 8), "size 1 does not match size 0"),
     ("qs", (0, 5, 7), "size 7 does not match size 8"),
     ("ks", (0, 9, 8), "length 9 is out of range"), ("ks", (0, -1, 8), "length -1 is out of"),
     ("ks", (0, 2**31, 8), "length 2147483648 is out"), ("qs", (0, 0, 9), "length 9 is out")],
)  # fmt: skip
def test_starts_that_are_none_stop_the_run(
    name: str, starts: tuple[int, ...], what: str, tmp_path: Path
) -> None:
    case = Case("causal", starts="i64")
    feed = feed_of(case, ((5, 5), (3, 3)))
    feed[name] = np.array(starts, np.int64)
    with pytest.raises(fovea.FoveaError, match=f"node 'fovea.attention in line 16': {what}"):
        fovea.compile(case.text())(**feed)
    done = on_reference(tmp_path, case, feed)
    assert done.returncode == 5, done.stderr
    assert "starts of sequences do not rise from 0 to 8" in done.stderr
