//===- ArithIntegerRules.cpp - arith on integers --------------------------===//
//
// Two's complement with wrap-around. What the dialect leaves undefined is defined here: a division
// or remainder by zero gives 0; the most negative number divided by -1 wraps; a shift by the width
// or more gives 0, for the arithmetic right shift the sign.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Targets/Reference/ScalarKernels.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

#include <algorithm>

using namespace fovea::reference;
using mlir::arith::CmpIPredicate;
using S = int64_t;
using U = uint64_t;
using W = unsigned;
using Wide = __int128;
using WideUnsigned = unsigned __int128;

enum class Rounding { Zero, Up, Down };

/// Quotient with the remainder dealt with as told.
template <Rounding R> static S divide(S a, S b) {
  if (b == 0)
    return 0;
  if (b == -1)
    return static_cast<S>(-static_cast<U>(a));
  S quotient = a / b;
  bool exact = a % b == 0, negative = (a < 0) != (b < 0);
  if (!exact && R == Rounding::Up && !negative)
    return quotient + 1;
  if (!exact && R == Rounding::Down && negative)
    return quotient - 1;
  return quotient;
}

static bool compareSigned(CmpIPredicate predicate, S a, S b) {
  switch (predicate) {
  case CmpIPredicate::eq:
    return a == b;
  case CmpIPredicate::ne:
    return a != b;
  case CmpIPredicate::slt:
    return a < b;
  case CmpIPredicate::sle:
    return a <= b;
  case CmpIPredicate::sgt:
    return a > b;
  case CmpIPredicate::sge:
    return a >= b;
  default:
    return false;
  }
}

static bool compareUnsigned(CmpIPredicate predicate, U a, U b) {
  switch (predicate) {
  case CmpIPredicate::ult:
    return a < b;
  case CmpIPredicate::ule:
    return a <= b;
  case CmpIPredicate::ugt:
    return a > b;
  default:
    return a >= b;
  }
}

static void compareIntegers(const Lanes &lanes) {
  auto predicate = static_cast<CmpIPredicate>(lanes.predicate);
  unsigned width = lanes.from.width;
  bool isUnsigned = predicate >= CmpIPredicate::ult;
  for (int64_t i = 0; i < lanes.count; ++i) {
    S a = lanes.args[0][i].integer, b = lanes.args[1][i].integer;
    lanes.result[i].integer =
        isUnsigned ? compareUnsigned(predicate, unsignedOf(width, a), unsignedOf(width, b))
                   : compareSigned(predicate, signedOf(width, a), signedOf(width, b));
  }
}

static void select(const Lanes &lanes) {
  for (int64_t i = 0; i < lanes.count; ++i)
    lanes.result[i] = lanes.args[lanes.args[0][i].integer ? 1 : 2][i];
}

static void addBasics(ScalarTable &table) {
  table["arith.addi"] = {unsigned2<[](U a, U b, W) { return a + b; }>};
  table["arith.subi"] = {unsigned2<[](U a, U b, W) { return a - b; }>};
  table["arith.muli"] = {unsigned2<[](U a, U b, W) { return a * b; }>};
  table["arith.andi"] = {unsigned2<[](U a, U b, W) { return a & b; }>};
  table["arith.ori"] = {unsigned2<[](U a, U b, W) { return a | b; }>};
  table["arith.xori"] = {unsigned2<[](U a, U b, W) { return a ^ b; }>};
  table["arith.shli"] = {unsigned2<[](U a, U b, W w) { return b < w ? a << b : U(0); }>};
  table["arith.shrui"] = {unsigned2<[](U a, U b, W w) { return b < w ? a >> b : U(0); }>};
  table["arith.shrsi"] = {signed2<[](S a, S b, W w) {
    U shift = unsignedOf(w, b);
    return a >> (shift < w ? shift : w - 1);
  }>};
  table["arith.cmpi"] = {compareIntegers};
  table["arith.select"] = {select};
  table["arith.maxsi"] = {signed2<[](S a, S b, W) { return std::max(a, b); }>};
  table["arith.minsi"] = {signed2<[](S a, S b, W) { return std::min(a, b); }>};
  table["arith.maxui"] = {unsigned2<[](U a, U b, W) { return std::max(a, b); }>};
  table["arith.minui"] = {unsigned2<[](U a, U b, W) { return std::min(a, b); }>};
}

static void addDivisions(ScalarTable &table) {
  table["arith.divsi"] = {signed2<[](S a, S b, W) { return divide<Rounding::Zero>(a, b); }>};
  table["arith.ceildivsi"] = {signed2<[](S a, S b, W) { return divide<Rounding::Up>(a, b); }>};
  table["arith.floordivsi"] = {signed2<[](S a, S b, W) { return divide<Rounding::Down>(a, b); }>};
  table["arith.remsi"] = {signed2<[](S a, S b, W) { return b == 0 || b == -1 ? 0 : a % b; }>};
  table["arith.divui"] = {unsigned2<[](U a, U b, W) { return b ? a / b : U(0); }>};
  table["arith.ceildivui"] = {
      unsigned2<[](U a, U b, W) { return b ? a / b + (a % b != 0) : U(0); }>};
  table["arith.remui"] = {unsigned2<[](U a, U b, W) { return b ? a % b : U(0); }>};
}

static void addExtended(ScalarTable &table) {
  constexpr Kernel add = unsigned2<[](U a, U b, W) { return a + b; }>;
  constexpr Kernel multiply = unsigned2<[](U a, U b, W) { return a * b; }>;
  table["arith.addui_extended"] = {
      add, unsigned2<[](U a, U b, W w) { return static_cast<U>((WideUnsigned(a) + b) >> w); }>};
  table["arith.mulsi_extended"] = {
      multiply, signed2<[](S a, S b, W w) { return static_cast<S>((Wide(a) * b) >> w); }>};
  table["arith.mului_extended"] = {
      multiply,
      unsigned2<[](U a, U b, W w) { return static_cast<U>((WideUnsigned(a) * b) >> w); }>};
}

void fovea::reference::addArithIntegerRules(ScalarTable &table) {
  addBasics(table);
  addDivisions(table);
  addExtended(table);
  constexpr Kernel signExtend = signed1<[](S a, W) { return a; }>;
  constexpr Kernel zeroExtend = unsigned1<[](U a, W) { return a; }>;
  table["arith.extsi"] = table["arith.index_cast"] = {signExtend};
  table["arith.extui"] = table["arith.index_castui"] = {zeroExtend};
  table["arith.trunci"] = {zeroExtend};
}
