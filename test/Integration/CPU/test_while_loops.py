"""Loops with a condition: what they compute when they end at once, in between, at a bound or have
none, and which of them are one parallel region."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

from pathlib import Path

import build_tree
import fovea
import numpy as np
import pytest
from build_tree import sound

N = 6
VECTOR = f"tensor<{N}xf32>"
REVERSED = f"affine_map<(i) -> ({N - 1} - i)>"
SAME = "affine_map<(i) -> (i)>"


def generic(result: str, source: str, map_text: str, body: str) -> str:
    """Text of %result [N] = body(%x) with %x from `source` through a map."""
    return f"""%{result}_e = tensor.empty() : {VECTOR}
    %{result} = linalg.generic {{indexing_maps = [{map_text}, {SAME}],
        iterator_types = ["parallel"]}} ins({source} : {VECTOR}) outs(%{result}_e : {VECTOR}) {{
    ^bb0(%x: f32, %o: f32):
      {body}
      linalg.yield %y : f32
    }} -> {VECTOR}"""


# x turned round and one larger: each element is made of another one, so that buffers take turns.
STEP = generic("next", "%v", REVERSED, "%y = arith.addf %x, %one : f32")


def module(loop: str) -> str:
    """A function of start [N] and a limit [1] whose loop gives %r#0, a count, and %r#1."""
    return f"""
func.func @main(%start: {VECTOR} {{fovea.name = "start"}},
    %limit: tensor<1xf32> {{fovea.name = "limit"}},
    %rows: tensor<?xf32> {{fovea.name = "rows", fovea.shape = ["n"]}})
    -> ({VECTOR} {{fovea.name = "x"}}, tensor<1xi64> {{fovea.name = "count"}}) {{
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c4 = arith.constant 4 : index
  %one = arith.constant 1.0 : f32
  %most = tensor.extract %limit[%c0] : tensor<1xf32>
  %n = tensor.dim %rows, %c0 : tensor<?xf32>
  {loop}
  %word = arith.index_cast %r#0 : index to i64
  %count = tensor.from_elements %word : tensor<1xi64>
  return %r#1, %count : {VECTOR}, tensor<1xi64>
}}
"""


def loop(bound: str, more: str = "arith.andi %few, %small : i1") -> str:
    """Steps while i < bound and x[0] < limit, or as `more` says."""
    return f"""%r:2 = scf.while (%i = %c0, %v = %start) : (index, {VECTOR}) -> (index, {VECTOR}) {{
    %few = arith.cmpi slt, %i, {bound} : index
    %first = tensor.extract %v[%c0] : {VECTOR}
    %small = arith.cmpf olt, %first, %most : f32
    %go = {more}
    scf.condition(%go) %i, %v : index, {VECTOR}
  }} do {{
  ^bb0(%i: index, %v: {VECTOR}):
    {STEP}
    %j = arith.addi %i, %c1 : index
    scf.yield %j, %next : index, {VECTOR}
  }}"""


def expected(start: np.ndarray, limit: float, bound: float) -> tuple[np.ndarray, int]:
    x, count = start, 0
    while count < bound and x[0] < limit:
        x, count = x[::-1] + np.float32(1), count + 1
    return x, count


def run(model: fovea.Module, limit: float, rows: int = 3) -> tuple[np.ndarray, int]:
    start = np.arange(N, dtype=np.float32)
    result = model(start=start, limit=np.array([limit], np.float32), rows=np.zeros(rows, "f4"))
    return result["x"], int(result["count"][0])


def forms(model: fovea.Module) -> dict[str, str]:
    """Of loops: the form taken, and why no team was formed."""
    found = {}
    for record in model.ledger["kernels"]:
        if record["op"] in ("scf.for", "scf.while"):
            refused = [entry["text"] for entry in record["refused"]]
            found[record["form"]] = refused[0] if refused else ""
    return found


# No step, an odd and an even number of them, and as many as are allowed.
LIMITS = (0.0, 0.5, 6.5, 7.5, 2.5, 1e9)


BOUNDS = {"4": ("%c4", 4), "2": ("%c2", 2), "1": ("%c1", 1), "0": ("%c0", 0), "n": ("%n", 3)}


def check_bound(bound: tuple[str, int]) -> fovea.Module:
    model = fovea.compile(module(loop(bound[0])))
    for limit in LIMITS:
        x, count = run(model, limit)
        want, steps = expected(np.arange(N, dtype=np.float32), limit, bound[1])
        assert count == steps
        np.testing.assert_array_equal(x, want)
    return model


@pytest.mark.parametrize("bound", BOUNDS.values(), ids=BOUNDS)
def test_bounded_loop_ends_where_it_should(bound: tuple[str, int]) -> None:
    assert forms(check_bound(bound)) == {"team": ""}


def check_no_bound() -> fovea.Module:
    model = fovea.compile(module(loop("%c4", "arith.ori %small, %small : i1")))
    for limit in (*LIMITS[:-1], 1000.0):
        x, count = run(model, limit)
        want, steps = expected(np.arange(N, dtype=np.float32), limit, np.inf)
        assert count == steps
        np.testing.assert_array_equal(x, want)
    return model


def test_loop_without_bound_ends_where_it_should() -> None:
    assert forms(check_no_bound()) == {"team": ""}


def test_loop_with_a_bound_alone_is_counted() -> None:
    for bound, most in (("%n", 3), ("%c1", 1)):
        model = fovea.compile(module(loop(bound, "arith.andi %few, %few : i1")))
        x, count = run(model, 0.0)
        want, steps = expected(np.arange(N, dtype=np.float32), np.inf, most)
        assert count == steps
        np.testing.assert_array_equal(x, want)


INNER = f"""%r:2 = scf.for %k = %c0 to %c2 step %c1
      iter_args(%sum = %c0, %w = %start) -> (index, {VECTOR}) {{
    {loop("%c4").replace("%r:2", "%s:2").replace("= %start", "= %w")}
    %all = arith.addi %sum, %s#0 : index
    scf.yield %all, %s#1 : index, {VECTOR}
  }}"""


def check_inner() -> fovea.Module:
    model = fovea.compile(module(INNER))
    for limit in LIMITS:
        x, count = run(model, limit)
        once, first = expected(np.arange(N, dtype=np.float32), limit, 4)
        twice, second = expected(once, limit, 4)
        assert count == first + second
        np.testing.assert_array_equal(x, twice)
    return model


def test_inner_loop_may_end_on_its_own() -> None:
    """Threads of a team decide together at one place only: the host runs such a loop."""
    assert "which the host runs" in forms(check_inner())["launches"]


BACKWARDS = f"""%r:2 = scf.while (%i = %c0, %v = %start) : (index, {VECTOR}) -> (index, {VECTOR}) {{
    {STEP}
    %j = arith.addi %i, %c1 : index
    %first = tensor.extract %next[%c0] : {VECTOR}
    %small = arith.cmpf olt, %first, %most : f32
    scf.condition(%small) %j, %next : index, {VECTOR}
  }} do {{
  ^bb0(%i: index, %v: {VECTOR}):
    scf.yield %i, %v : index, {VECTOR}
  }}"""


def check_backwards() -> fovea.Module:
    model = fovea.compile(module(BACKWARDS))
    for limit in (0.0, 6.5, 7.5, 12.5):
        x, count = run(model, limit)
        want, steps = np.arange(N, dtype=np.float32)[::-1] + 1, 1
        while want[0] < limit:
            want, steps = want[::-1] + 1, steps + 1
        assert count == steps
        np.testing.assert_array_equal(x, want)
    return model


def test_loop_may_compute_before_it_asks() -> None:
    assert forms(check_backwards()) == {"team": ""}


@pytest.mark.parametrize("text", [loop("%c4"), loop("%n"), INNER, BACKWARDS],
                         ids=["bound", "size", "inner", "backwards"])  # fmt: skip
def test_reference_agrees(text: str, tmp_path: Path) -> None:
    (tmp_path / "model.mlir").write_text(module(text))
    sound(build_tree.fovea(tmp_path, "verify", "model.mlir", "--size=n=3", "--input=limit=ones"))


def check_requirement() -> fovea.Module:
    """x[i] is inside only as long as the limit says so; the run stops where it is not."""
    body = STEP.replace("%v", "%w", 1)
    put = f"""%at = tensor.extract_slice %v[%i] [1] [1] : {VECTOR} to tensor<1xf32>
    %w = tensor.insert_slice %at into %v[%i] [1] [1] : tensor<1xf32> into {VECTOR}
    {body}"""
    text = loop("%c4", "arith.ori %small, %small : i1").replace(STEP, put)
    model = fovea.compile(module(text))
    x, count = run(model, 4.5)
    want, steps = expected(np.arange(N, dtype=np.float32), 4.5, np.inf)
    assert count == steps < N
    np.testing.assert_array_equal(x, want)
    with pytest.raises(fovea.FoveaError, match="index"):
        run(model, 1e9)
    return model


def test_check_in_a_step_stays_with_the_host() -> None:
    assert "fovea.require" in forms(check_requirement())["launches"]
