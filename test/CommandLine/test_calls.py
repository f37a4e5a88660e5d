"""Modules whose entries call functions: import puts the bodies in the place of the calls."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from conftest import Run

V = "tensor<4xf32>"


def function(name: str, callees: list[str], kind: str = "private ") -> str:
    """Calls the callees one after the other, then adds what it has to itself."""
    lines = [f"func.func {kind}@{name}(%v0: {V}) -> {V} {{"]
    for at, callee in enumerate(callees):
        lines.append(f"  %v{at + 1} = func.call @{callee}(%v{at}) : ({V}) -> {V}")
    last = f"%v{len(callees)}"
    lines += [f"  %sum = arith.addf {last}, {last} : {V}", f"  return %sum : {V}", "}"]
    return "\n".join(lines) + "\n"


def chain(count: int, callees: int) -> str:
    """f0 calls f1, that calls f2, ..., each `callees` times."""
    names = [f"f{at}" for at in range(count)]
    text = "".join(function(a, [b] * callees) for a, b in zip(names, names[1:], strict=False))
    return text + function(names[-1], []) + function("main", [names[0]], "")


@pytest.mark.parametrize("target", ["host", "reference"])
def test_calls_compute_what_their_bodies_do(fovea: Run, tmp_path: Path, target: str) -> None:
    (tmp_path / "m.mlir").write_text(chain(3, 2))
    np.save(tmp_path / "x.npy", np.arange(4, dtype=np.float32))
    result = fovea("run", "m.mlir", "--input=arg0=@x.npy", "--out=y.npz", f"--target={target}")
    assert result.returncode == 0, result.stderr
    with np.load(tmp_path / "y.npz") as out:
        # f2 doubles; f1 does so twice and once more, f0 that twice and once more.
        np.testing.assert_array_equal(out["result0"], np.arange(4, dtype=np.float32) * 2**8)


def test_entries_may_be_called_and_get_sizes(fovea: Run, tmp_path: Path) -> None:
    text = """
    func.func @part(%x: tensor<?xf32>) -> tensor<?xf32> attributes {fovea.entry} {
      %y = arith.addf %x, %x : tensor<?xf32>
      return %y : tensor<?xf32>
    }
    func.func @all(%x: tensor<?xf32> {fovea.name = "x", fovea.shape = ["n"]}) -> tensor<?xf32>
        attributes {fovea.entry} {
      %y = func.call @part(%x) : (tensor<?xf32>) -> tensor<?xf32>
      return %y : tensor<?xf32>
    }"""
    (tmp_path / "m.mlir").write_text(text)
    for extra in ([], ["--dim=n=3", "--dim=arg0_dim0=2"]):
        result = fovea("verify", "m.mlir", "--entry=all", *extra)
        assert result.returncode == 0, result.stderr


def test_a_deep_chain_of_calls_is_no_recursion(fovea: Run, tmp_path: Path) -> None:
    count = 60_000
    with (tmp_path / "m.mlir").open("w") as file:
        for at in range(count):
            file.write(
                f"func.func private @f{at}(%a: {V}) -> {V} {{\n"
                f"  %0 = func.call @f{at + 1}(%a) : ({V}) -> {V}\n  return %0 : {V}\n}}\n"
            )
        file.write(function(f"f{count}", []) + function("main", ["f0"], ""))
    result = fovea("compile", "m.mlir")
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (chain(24, 2), "to more than 1000000 operations"),
        (function("f", ["g"]) + function("g", ["f"]) + function("main", ["f"], ""), "calls itself"),
        (function("main", ["main"], ""), "function 'main' calls itself"),
    ],
    ids=["exponential", "circle", "self"],
)
def test_what_cannot_be_inlined_is_refused(
    fovea: Run, tmp_path: Path, text: str, words: str
) -> None:
    (tmp_path / "m.mlir").write_text(text)
    for arguments in (["compile", "m.mlir"], ["run", "m.mlir", "--target=reference"]):
        result = fovea(*arguments)
        assert result.returncode == 3
        assert "error[FV0066]" in result.stderr
        assert words in result.stderr


def test_inlined_regions_that_nest_too_deep_are_refused(fovea: Run, tmp_path: Path) -> None:
    count = 2000
    lines = [
        f"""func.func private @f{at}(%a: {V}, %c: i1) -> {V} {{
  %r = scf.if %c -> ({V}) {{
    %0 = func.call @f{at + 1}(%a, %c) : ({V}, i1) -> {V}
    scf.yield %0 : {V}
  }} else {{
    scf.yield %a : {V}
  }}
  return %r : {V}
}}
"""
        for at in range(count)
    ]
    lines.append(f"""func.func private @f{count}(%a: {V}, %c: i1) -> {V} {{
  return %a : {V}
}}
func.func @main(%a: {V}, %t: tensor<i1>) -> {V} {{
  %c = tensor.extract %t[] : tensor<i1>
  %0 = func.call @f0(%a, %c) : ({V}, i1) -> {V}
  return %0 : {V}
}}""")
    (tmp_path / "m.mlir").write_text("".join(lines))
    result = fovea("compile", "m.mlir")
    assert result.returncode == 3
    assert "nests deeper than 500 levels" in result.stderr
