"""Elementary functions of f64 on devices, under the emulator, against the C library's with 64 bits.

Results are to lie within 3 units in the last place of the exact ones; those of the C library in
extended precision are taken for these.
"""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import math
from collections.abc import Callable

import fovea
import numpy as np
import pytest
from build_tree import PROGRAM, require
from emulated_device import TARGET

require(PROGRAM, "./dev build")

COUNT = 6000
BOUND = 3.0
SPECIAL = [
    0.0, -0.0, 1.0, -1.0, 2.0, -2.0, 3.0, 0.5, -1.5, np.inf, -np.inf, np.nan, 5e-324, -5e-324,
    1e-310, 2.2250738585072014e-308, 1e300, -1e300, 1.7976931348623157e308, 709.78, 709.79,
    -745.13, -746.0, math.pi, math.pi / 2, 9007199254740993.0, 4503599627370497.0,
]  # fmt: skip
Reference = Callable[..., np.ndarray]


def program(name: str, operands: int) -> str:
    types = "tensor<?xf64>"
    arguments = ", ".join(
        f'%x{i}: {types} {{fovea.name = "x{i}", fovea.shape = ["n"]}}' for i in range(operands)
    )
    values = ", ".join(f"%x{i}" for i in range(operands))
    return f"""
func.func @main({arguments}) -> ({types} {{fovea.name = "y", fovea.shape = ["n"]}}) {{
  %y = math.{name} {values} : {types}
  return %y : {types}
}}
"""


def run(name: str, *operands: np.ndarray) -> np.ndarray:
    module = fovea.compile(program(name, len(operands)), target=TARGET)
    return module(**{f"x{i}": x for i, x in enumerate(operands)})["y"]


def check(got: np.ndarray, exact: np.ndarray, *operands: np.ndarray) -> None:
    """`exact` has 64 bits."""
    with np.errstate(all="ignore"):
        want = exact.astype(np.float64)
        same = (got == want) & (np.signbit(got) == np.signbit(want)) | np.isnan(got) & np.isnan(
            want
        )
        units = np.abs((got - exact) / np.spacing(np.abs(want)))
    wrong = ~same & ~(np.isfinite(want) & (units <= BOUND))
    at = np.flatnonzero(wrong)[:5]
    assert not at.size, [(*(x[i] for x in operands), got[i], want[i]) for i in at]


def spread(generator: np.random.Generator, low: float, high: float) -> np.ndarray:
    """Numbers of both signs and many magnitudes, and of one up to `high`, and special ones."""
    sizes = np.exp(generator.uniform(np.log(1e-300), np.log(high), COUNT))
    signed = sizes * generator.choice([-1.0, 1.0], COUNT)
    return np.concatenate([signed, generator.uniform(low, high, COUNT), SPECIAL])


# The function, from where to where, and what it is.
FUNCTIONS: dict[str, tuple[float, float, Reference]] = {
    "exp": (-745, 710, np.exp),
    "expm1": (-40, 710, np.expm1),
    "tanh": (-22, 22, np.tanh),
    "log": (0.5, 2, np.log),
    "log1p": (-1, 3, np.log1p),
    "sin": (-1000, 1000, np.sin),
    "cos": (-1000, 1000, np.cos),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_is_near_the_exact_result(name: str) -> None:
    low, high, reference = FUNCTIONS[name]
    x = spread(np.random.default_rng(7), low, high)
    if name in ("sin", "cos"):
        # Beyond, angles are not reduced.
        x = x[~(np.abs(x) > 2**50)]
    with np.errstate(all="ignore"):
        exact = reference(x.astype(np.longdouble))
    check(run(name, x), exact, x)


def test_erf_is_near_the_c_librarys() -> None:
    # Whose error is below one unit.
    x = spread(np.random.default_rng(8), -6, 6)
    check(run("erf", x), np.array([math.erf(value) for value in x], np.longdouble), x)


def test_powers_are_near_the_exact_result() -> None:
    generator = np.random.default_rng(9)
    base = np.concatenate([
        np.exp(generator.uniform(-700, 700, COUNT)), generator.uniform(0.3, 3, COUNT),
        1 + generator.uniform(-1e-3, 1e-3, COUNT),
    ])  # fmt: skip
    power = generator.uniform(-740, 708, base.size) / np.abs(np.log(base))
    pairs = np.array(np.meshgrid(SPECIAL, SPECIAL)).reshape(2, -1)
    x, y = np.concatenate([base, pairs[0]]), np.concatenate([power, pairs[1]])
    with np.errstate(all="ignore"):
        exact = np.power(x.astype(np.longdouble), y.astype(np.longdouble))
    check(run("powf", x, y), exact, x, y)
