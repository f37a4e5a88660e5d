"""Elementary functions of other types than f32: f16, bf16, f64 and integers."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

import ctypes
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from VectorMath.toolchain import PIPELINE, Toolchain, find_tools

TOOLS, MISSING = find_tools()
MARCH = "x86-64-v3"
pytestmark = [
    pytest.mark.skipif(not TOOLS, reason=MISSING or "present"),
    pytest.mark.skipif(
        "fma" not in Path("/proc/cpuinfo").read_text().split(), reason="this processor lacks fma"
    ),
]


def loop(name: str, lane_type: str, body: str, second: str = "") -> str:
    """@name(x, y, out, count) over vectors of 4."""

    def access(name: str, element: str) -> str:
        address = f"llvm.getelementptr %p{name}[%i] : (!llvm.ptr, i64) -> !llvm.ptr, {element}"
        return f"""%a{name} = {address}
    %{name} = llvm.load %a{name} {{alignment = 1 : i64}} : !llvm.ptr -> vector<4x{element}>"""

    return f"""
func.func @{name}(%px: !llvm.ptr, %py: !llvm.ptr, %po: !llvm.ptr, %count: i64) {{
  %zero = arith.constant 0 : i64
  %four = arith.constant 4 : i64
  scf.for %i = %zero to %count step %four : i64 {{
    {access("x", lane_type)}
    {access("y", second or lane_type)}
    {body.replace("TYPE", f"vector<4x{lane_type}>")}
    %ao = llvm.getelementptr %po[%i] : (!llvm.ptr, i64) -> !llvm.ptr, {lane_type}
    llvm.store %r, %ao {{alignment = 1 : i64}} : vector<4x{lane_type}>, !llvm.ptr
  }}
  return
}}"""


def run(library: ctypes.CDLL, name: str, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    out = np.empty_like(x)
    library[name](x.ctypes, y.ctypes, out.ctypes, ctypes.c_int64(x.size))
    return out


# The bound in ULP, and the magnitudes of the arguments as powers of ten.
DOUBLES: dict[str, tuple[float, float, float]] = {
    "exp": (1.5, -9, 2.9),
    "exp2": (1.5, -9, 3.0),
    "expm1": (1.5, -300, 2.9),
    "tanh": (2.5, -300, 2),
    "sinh": (4, -300, 2.9),
    "cosh": (4, -9, 2.9),
    "log": (1.5, -300, 300),
    "log2": (2, -300, 300),
    "log10": (2.5, -300, 300),
    "log1p": (1.5, -300, 300),
    "asinh": (4, -300, 300),
    "acosh": (4, -1, 300),
    "atanh": (4, -300, 0),
    "sin": (1.5, -300, 9),
    "cos": (1.5, -9, 9),
    "tan": (3, -300, 9),
    "asin": (2.5, -300, 0),
    "acos": (2.5, -9, 0),
    "atan": (2.5, -300, 300),
    "erf": (1.5, -300, 1),
    "erfc": (5, -9, 1.42),
    "cbrt": (2, -300, 300),
    "round": (0, -2, 17),
    "sqrt": (0.51, -300, 300),
}
DOUBLE_PAIRS = {"powf": (1.5, -3, 2), "atan2": (3.0, -3, 3), "fmod": (0.0, -5, 5)}


@pytest.fixture(scope="module")
def doubles(tmp_path_factory: pytest.TempPathFactory) -> tuple[ctypes.CDLL, ctypes.CDLL]:
    chain = Toolchain(TOOLS, tmp_path_factory.mktemp("doubles"))
    text = "".join(loop(name, "f64", f"%r = math.{name} %x : TYPE") for name in DOUBLES)
    text += loop("powf", "f64", "%r = math.powf %x, %y : TYPE")
    text += loop("atan2", "f64", "%r = math.atan2 %x, %y : TYPE")
    text += loop("fmod", "f64", "%r = arith.remf %x, %y : TYPE")
    host = chain.reference("doubles")
    return chain.library(chain.llvm_ir("doubles", text), MARCH, host), ctypes.CDLL(str(host))


@pytest.mark.parametrize("name", [*DOUBLES, *DOUBLE_PAIRS])
def test_f64(doubles: tuple[ctypes.CDLL, ctypes.CDLL], name: str) -> None:
    library, reference = doubles
    reference.compare_doubles.restype = ctypes.c_double
    bound, low, high = (DOUBLES | DOUBLE_PAIRS)[name]
    random = np.random.default_rng(0)
    special = [
        0.0,
        -0.0,
        1.0,
        -1.0,
        0.5,
        -0.5,
        2.0,
        -2.0,
        math.inf,
        -math.inf,
        math.nan,
        5e-324,
        1e-310,
        1.7e308,
        -1.7e308,
        8.0,
    ]
    grid = np.meshgrid(np.array(special), np.array(special))
    x, y = (
        np.concatenate(
            [
                values.ravel(),
                random.choice([-1.0, 1.0], 200000) * 10.0 ** random.uniform(low, high, 200000),
            ]
        )
        for values in grid
    )
    got = run(library, name, x, y)
    place = ctypes.c_int64()
    error = reference.compare_doubles(
        name.encode(), x.ctypes, y.ctypes, got.ctypes, ctypes.c_int64(x.size), ctypes.byref(place)
    )
    at = place.value
    assert 0 <= error <= bound, f"{error} ULP at {x[at]!r}, {y[at]!r}: {got[at]!r}"


# f16 keeps 11 bits and bf16 8: correctly rounded unless the f32 result lies at a boundary.
HALVES = {
    "exp": (-9, 9),
    "tanh": (-5, 5),
    "log": (0.01, 60000),
    "sqrt": (0, 60000),
    "erf": (-3, 3),
    "sin": (-100, 100),
    "rsqrt": (0.01, 60000),
    "floor": (-3e4, 3e4),
}


@pytest.mark.parametrize("half", ["f16", "bf16"])
def test_halves(tmp_path: Path, half: str) -> None:
    """Every f16 or bf16 in the interval; the grid of bf16 is that of f32 with 16 bits cut off."""
    chain = Toolchain(TOOLS, tmp_path)
    text = "".join(loop(name, half, f"%r = math.{name} %x : TYPE") for name in HALVES)
    # Without AVX512-BF16, rounding to bf16 is a call unless it is written out.
    pipeline = [PIPELINE[0], "--arith-expand=include-bf16=true", *PIPELINE[1:]]
    library = chain.library(chain.llvm_ir("halves", text, pipeline), MARCH)
    bits = np.arange(65536, dtype=np.uint16)

    def wide(values: np.ndarray) -> np.ndarray:
        if half == "f16":
            return values.view(np.float16).astype(np.float64)
        with np.errstate(invalid="ignore"):  # signaling NaN
            return (values.astype(np.uint32) << 16).view(np.float32).astype(np.float64)

    for name, (low, high) in HALVES.items():
        x = wide(bits)
        with np.errstate(all="ignore"):
            want = exact(name, x)
        got = wide(run(library, name, bits, bits))
        inside = (x >= low) & (x <= high)
        scale = 2.0 ** (
            np.floor(np.log2(np.maximum(np.abs(want[inside]), 2.0**-14)))
            - (10 if half == "f16" else 7)
        )
        error = np.max(np.abs(got[inside] - want[inside]) / scale)
        assert inside.sum() > 1000 and error <= 0.501, f"{name} of {half}: {error} ULP"


def exact(name: str, x: np.ndarray) -> np.ndarray:
    if name == "erf":
        return np.array([math.erf(value) if value == value else value for value in x])
    return 1.0 / np.sqrt(x) if name == "rsqrt" else getattr(np, name)(x)


def test_integer_powers(tmp_path: Path) -> None:
    chain = Toolchain(TOOLS, tmp_path)
    text = loop("ipowi", "i32", "%r = math.ipowi %x, %y : TYPE")
    text += loop(
        "cube",
        "i32",
        """%c = arith.constant dense<13> : TYPE
    %r = math.ipowi %x, %c : TYPE""",
    )
    text += loop("fpowi", "f32", "%r = math.fpowi %x, %y : TYPE, vector<4xi32>", "i32")
    library = chain.library(chain.llvm_ir("integers", text), MARCH)
    values: Sequence[int] = [0, 1, 2, 3, 7, 10, 31, -1, -2, -3, 46341, -(2**31), 2**31 - 1]
    grid = np.meshgrid(np.array(values, np.int32), np.array(values, np.int32))
    x, y = (np.resize(axis.ravel(), 172) for axis in grid)

    def power(a: int, n: int) -> int:
        if n >= 0:
            return (pow(a, n, 2**32) + 2**31) % 2**32 - 2**31
        return a ** (n % 2) if a in (1, -1) else 0

    got = run(library, "ipowi", x, y)
    assert [power(int(a), int(n)) for a, n in zip(x, y, strict=True)] == got.tolist()
    got = run(library, "cube", x, y)
    assert [power(int(a), 13) for a in x] == got.tolist()
    base = np.resize(
        np.array([0.5, -1.5, 1.0, -1.0, 0.0, -0.0, 3.0, math.inf, math.nan], np.float32), x.size
    )
    with np.errstate(all="ignore"):
        want = np.power(base.astype(np.float64), y).astype(np.float32)
    np.testing.assert_allclose(run(library, "fpowi", base, y), want, rtol=2e-7)
