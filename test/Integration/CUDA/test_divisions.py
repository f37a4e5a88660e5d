"""Divisions and square roots on devices, under the emulator, against those of IEEE 754.

Quotients and roots are to be the correctly rounded ones; quotients that are subnormal may be
rounded twice, which errs by 0.75 units of the last place at most.
"""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import fovea
import numpy as np
import pytest
from build_tree import PROGRAM, require
from emulated_device import TARGET

require(PROGRAM, "./dev build")

COUNT = 200_000
TYPES = {"f32": np.dtype(np.float32), "f64": np.dtype(np.float64)}


def run(body: str, kind: str, *operands: np.ndarray) -> np.ndarray:
    """What `body` makes of %x0, %x1, ... as %y; `T` stands for the type of all of them."""
    tensor = f"tensor<?x{kind}>"
    arguments = ", ".join(
        f'%x{i}: {tensor} {{fovea.name = "x{i}", fovea.shape = ["n"]}}'
        for i in range(len(operands))
    )
    module = fovea.compile(
        f"func.func @main({arguments}) -> ({tensor} {{fovea.name = "
        f'"y", fovea.shape = ["n"]}}) {{\n{body.replace("T", tensor)}\n  return %y : {tensor}\n}}',
        target=TARGET,
    )
    return module(**{f"x{i}": x for i, x in enumerate(operands)})["y"]


def same(got: np.ndarray, want: np.ndarray) -> np.ndarray:
    """Equal with their signs, or both NaN."""
    equal = (got == want) & (np.signbit(got) == np.signbit(want))
    return equal | (np.isnan(got) & np.isnan(want))


def special(dtype: np.dtype) -> np.ndarray:
    """Zeros, infinities, NaN, ends of ranges and what lies next to powers of two."""
    ends = np.finfo(dtype)
    powers = np.array([1.0, 2.0, 4.0, float(ends.tiny), float(ends.max) / 2, 3.0], dtype)
    values = np.concatenate([
        [0.0, np.inf, np.nan, ends.max, ends.smallest_subnormal, 3 * ends.smallest_subnormal],
        powers, np.nextafter(powers, dtype.type(0)), np.nextafter(powers, dtype.type(np.inf)),
    ]).astype(dtype)  # fmt: skip
    return np.concatenate([values, -values])


def of_any_bits(generator: np.random.Generator, dtype: np.dtype, count: int) -> np.ndarray:
    return generator.integers(0, 2 ** (8 * dtype.itemsize), count,
                              dtype=f"u{dtype.itemsize}").view(dtype)  # fmt: skip


def near_ties() -> tuple[np.ndarray, np.ndarray]:
    """Pairs of f32 whose quotients lie as near to the middle of two numbers as any do.

    2^25 a - (2 q + 1) b = s for small s, with b odd: 2 q + 1 = -s / b modulo 2^25.
    """
    b = np.random.default_rng(3).integers(2**22, 2**23, COUNT) * 2 + 1
    s = np.resize([-3, -2, -1, 1, 2, 3], COUNT)
    inverse = np.ones_like(b)
    for _ in range(5):
        inverse = inverse * (2 - b * inverse) % 2**25
    middle = -s * inverse % 2**25
    a = (middle * b + s) >> 25
    kept = (middle % 2 == 1) & (a > 0)
    assert kept.sum() > COUNT // 4 and np.all((middle * b + s) % 2**25 == 0)
    return a[kept].astype(np.float32), b[kept].astype(np.float32)


def pairs(kind: str) -> tuple[np.ndarray, np.ndarray]:
    """Any bits; significands of all quotients; special numbers with each other; small quotients."""
    dtype = TYPES[kind]
    generator = np.random.default_rng(11)
    ends = np.finfo(dtype)
    rows = special(dtype)
    grid = np.meshgrid(rows, rows)
    ones = np.nextafter(dtype.type(2), dtype.type(0))
    a = [of_any_bits(generator, dtype, COUNT), generator.uniform(1, 2, COUNT), grid[0].ravel(),
         generator.uniform(1, 2, COUNT) * ends.tiny, generator.uniform(1, 2, COUNT)]  # fmt: skip
    b = [of_any_bits(generator, dtype, COUNT), generator.uniform(1, 2, COUNT), grid[1].ravel(),
         np.exp2(generator.uniform(0, ends.nmant + 2, COUNT)), np.full(COUNT, ones)]  # fmt: skip
    # NaN of any bits are signaling, too.
    with np.errstate(invalid="ignore"):
        return np.concatenate(a).astype(dtype), np.concatenate(b).astype(dtype)


def check_quotients(got: np.ndarray, a: np.ndarray, b: np.ndarray) -> None:
    ends = np.finfo(a.dtype)
    with np.errstate(all="ignore"):
        want = a / b
        exact = a.astype(np.longdouble) / b.astype(np.longdouble)
        units = np.abs(got - exact) / np.longdouble(ends.smallest_subnormal)
    is_small = np.abs(want) <= ends.tiny
    wrong = ~same(got, want) & ~(is_small & (units <= 0.7501))
    at = np.flatnonzero(wrong)[:5]
    assert not at.size, [(a[i], b[i], got[i], want[i]) for i in at]


@pytest.mark.parametrize("kind", TYPES)
def test_quotients_are_rounded_correctly(kind: str) -> None:
    a, b = pairs(kind)
    got = run("  %y = arith.divf %x0, %x1 : T", kind, a, b)
    check_quotients(got, a, b)
    with np.errstate(all="ignore"):
        # Some are rounded twice: the bound is not idle.
        assert not np.all(same(got, a / b))


def test_quotients_near_ties_are_rounded_correctly() -> None:
    a, b = near_ties()
    assert np.array_equal(run("  %y = arith.divf %x0, %x1 : T", "f32", a, b), a / b)


@pytest.mark.parametrize("divisor", [3.0, -0.1, 1e-17, 1e17, 8.0, 1e30])
def test_quotients_by_constants_are_rounded_correctly(divisor: float) -> None:
    a = np.concatenate([of_any_bits(np.random.default_rng(4), TYPES["f32"], COUNT),
                        special(TYPES["f32"])])  # fmt: skip
    body = f"  %c = arith.constant dense<{divisor:e}> : tensor<1xf32>\n" \
           "  %s = tensor.extract %c[%z] : tensor<1xf32>\n" \
           "  %d = tensor.dim %x0, %z : T\n  %b = tensor.splat %s[%d] : T\n" \
           "  %y = arith.divf %x0, %b : T"  # fmt: skip
    got = run("  %z = arith.constant 0 : index\n" + body, "f32", a)
    check_quotients(got, a, np.full_like(a, divisor))


@pytest.mark.parametrize("kind", TYPES)
def test_roots_are_rounded_correctly(kind: str) -> None:
    a, b = pairs(kind)
    x = np.concatenate([a, np.abs(b)])
    with np.errstate(all="ignore"):
        want = np.sqrt(x)
    wrong = np.flatnonzero(~same(run("  %y = math.sqrt %x0 : T", kind, x), want))[:5]
    assert not wrong.size, x[wrong]


# The bounds of docs/Rationale/VectorMath.md.
@pytest.mark.parametrize(("name", "bound"), [("tanh", 2.0), ("sigmoid", 2.5)])
def test_functions_of_gates_keep_their_bounds(name: str, bound: float) -> None:
    x = np.concatenate([np.linspace(-87, 87, COUNT), [0.0, np.inf, np.nan, -np.inf, 1e-30]])
    x = x.astype(np.float32)
    wide = x.astype(np.longdouble)
    body = f"  %y = math.{name} %x0 : T" if name == "tanh" else (
        "  %z = arith.constant 0 : index\n  %one = arith.constant 1.0 : f32\n"
        "  %d = tensor.dim %x0, %z : T\n  %b = tensor.splat %one[%d] : T\n"
        "  %m = arith.negf %x0 : T\n  %e = math.exp %m : T\n  %s = arith.addf %e, %b : T\n"
        "  %y = arith.divf %b, %s : T"
    )  # fmt: skip
    got = run(body, "f32", x)
    with np.errstate(all="ignore"):
        exact = np.tanh(wide) if name == "tanh" else 1 / (1 + np.exp(-wide))
        units = np.abs(got - exact) / np.spacing(np.abs(exact.astype(np.float32)))
    is_special = ~np.isfinite(x) | (x == 0)
    assert np.all(same(got, exact.astype(np.float32))[is_special])
    assert np.nanmax(units[~is_special]) <= bound
