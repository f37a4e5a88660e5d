"""The functions under test: how each is written in MLIR and the error that it may have."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Case:
    """One function of f32. `body` is MLIR from %x (and %y) to %r with TYPE for the lane type."""

    name: str
    bound: float  # largest error in ULP
    body: str
    low: float = -math.inf  # arguments outside [low, high] are not compared
    high: float = math.inf
    pairs: bool = False

    @property
    def reference(self) -> str:
        return self.name.removesuffix("_afn")


def op(name: str, bound: float, **more: float) -> Case:
    return Case(name, bound, f"%r = math.{name} %x : TYPE", **more)


def power(name: str, exponent: float, bound: float) -> Case:
    return Case(
        name, bound, f"%c = arith.constant CONSTANT({exponent})\n    %r = math.powf %x, %c : TYPE"
    )


CASES = [
    op("exp", 1.0),
    op("exp2", 1.0),
    op("expm1", 2.0),
    op("tanh", 2.0),
    op("sinh", 4.0),
    op("cosh", 4.0),
    Case("exp_afn", 2.0, "%r = math.exp %x fastmath<afn> : TYPE", low=-86.0),
    Case("exp2_afn", 2.0, "%r = math.exp2 %x fastmath<afn> : TYPE", low=-125.0),
    # Below -88 the result, at most 1e-38, becomes 0.
    Case(
        "sigmoid",
        2.5,
        """%one = arith.constant CONSTANT(1.0)
    %n = arith.negf %x : TYPE
    %e = math.exp %n : TYPE
    %d = arith.addf %e, %one : TYPE
    %r = arith.divf %one, %d : TYPE""",
        low=-87.0,
    ),
    op("log", 1.5),
    op("log2", 1.5),
    op("log10", 1.5),
    op("log1p", 2.0),
    op("asinh", 4.0),
    op("acosh", 4.0),
    op("atanh", 4.0),
    op("sin", 2.0, low=-(2.0**46), high=2.0**46),
    op("cos", 2.0, low=-(2.0**46), high=2.0**46),
    op("tan", 3.0, low=-(2.0**46), high=2.0**46),
    op("asin", 2.5),
    op("acos", 2.5),
    op("atan", 2.5),
    op("erf", 2.0),
    op("erfc", 4.0),
    op("rsqrt", 1.5),
    op("cbrt", 1.5),
    op("sqrt", 0.5),
    op("round", 0.0),
    op("floor", 0.0),
    op("ceil", 0.0),
    op("trunc", 0.0),
    op("roundeven", 0.0),
    power("pow2", 2.0, 0.5),
    power("pow3", 3.0, 1.5),
    power("pow4", 4.0, 2.0),
    power("powm1", -1.0, 0.5),
    power("powm2", -2.0, 2.0),
    power("powhalf", 0.5, 0.5),
    power("powmhalf", -0.5, 1.5),
    power("powm3", -3.0, 1.5),
    power("pow13", 13.0, 1.5),
    Case("pow", 1.5, "%r = math.powf %x, %y : TYPE", pairs=True),
    Case("atan2", 3.0, "%r = math.atan2 %x, %y : TYPE", pairs=True),
    Case("fmod", 0.0, "%r = arith.remf %x, %y : TYPE", pairs=True),
]

# Written as a loop over scalars, for LLVM to vectorize, and over native vectors.
FORMS = {"loop": "f32", "v16": "vector<16xf32>"}


def mlir(case: Case, form: str) -> str:
    """The function @<name>_<form>(x, y, out, count): out[i] = f(x[i], y[i]); count % 16 is 0."""
    lane_type = FORMS[form]
    step = 16 if form == "v16" else 1
    body = case.body.replace("TYPE", lane_type)
    if form == "v16":
        body = body.replace("CONSTANT(", "dense<").replace(")", f"> : {lane_type}")
    else:
        body = body.replace("CONSTANT(", "").replace(")", f" : {lane_type}")
    load = "llvm.load {} {{alignment = 4 : i64}} : !llvm.ptr -> " + lane_type
    address = "llvm.getelementptr {}[%i] : (!llvm.ptr, i64) -> !llvm.ptr, f32"
    noalias = "!llvm.ptr {llvm.noalias}"
    return f"""
func.func @{case.name}_{form}(%px: {noalias}, %py: {noalias}, %po: {noalias}, %count: i64) {{
  %zero = arith.constant 0 : i64
  %step = arith.constant {step} : i64
  scf.for %i = %zero to %count step %step : i64 {{
    %ax = {address.format("%px")}
    %ay = {address.format("%py")}
    %ao = {address.format("%po")}
    %x = {load.format("%ax")}
    %y = {load.format("%ay")}
    {body}
    llvm.store %r, %ao {{alignment = 4 : i64}} : {lane_type}, !llvm.ptr
  }}
  return
}}"""
