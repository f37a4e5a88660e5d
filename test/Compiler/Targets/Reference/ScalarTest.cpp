//===- ScalarTest.cpp - arith and math in the oracle ----------------------===//
//
// The corners: wrap-around, division by zero, NaN and signed zeros, conversions out of range.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "test/Compiler/Targets/Reference/Evaluate.h"

#include <cmath>

using namespace fovea;
using namespace fovea::reference;

/// Applies `op` (with its attributes) to tensors; `from` and `to` are element types.
static Tensor apply(std::string op, const Tensors &operands, std::string from, std::string to,
                    Mode mode = Mode::Exact) {
  std::string extent = std::to_string(operands.front().count()) + "x";
  std::string in = "tensor<" + extent + from + ">", out = "tensor<" + extent + to + ">";
  std::string parameters, names;
  for (size_t index = 0; index < operands.size(); ++index) {
    std::string name = "%a" + std::to_string(index), comma = index ? ", " : "";
    parameters += comma + name + ": " + in;
    names += comma + name;
  }
  std::string types =
      from == to || op.find("arith.cmp") == 0 || op.find("math.is") == 0 ? in : in + " to " + out;
  Tensors results = evaluate("func.func @main(" + parameters + ") -> " + out + " {\n%r = " + op +
                                 " " + names + " : " + types + "\nreturn %r : " + out + "\n}",
                             operands, mode);
  return results.empty() ? Tensor::zeros(DType::F64, {0}) : std::move(results.front());
}

static Tensors bytes(llvm::ArrayRef<double> left, llvm::ArrayRef<double> right) {
  int64_t count = left.size();
  return inputs(Tensor::of(DType::I8, {count}, left), Tensor::of(DType::I8, {count}, right));
}

static void expectBytes(std::string op, llvm::ArrayRef<double> left, llvm::ArrayRef<double> right,
                        llvm::ArrayRef<double> want) {
  SCOPED_TRACE(op);
  expectValues(apply("arith." + op, bytes(left, right), "i8", "i8"), want);
}

TEST(Integer, arithmetic_wraps) {
  expectBytes("addi", {127, -128}, {1, -1}, {-128, 127});
  expectBytes("subi", {-128, 0}, {1, -128}, {127, -128});
  expectBytes("muli", {64, -128}, {2, -1}, {-128, -128});
}

TEST(Integer, division_by_zero_is_zero_and_the_smallest_number_wraps) {
  expectBytes("divsi", {7, -7, 5, -128}, {-2, 2, 0, -1}, {-3, -3, 0, -128});
  expectBytes("floordivsi", {7, -7, 5, -128}, {-2, -2, 0, -1}, {-4, 3, 0, -128});
  expectBytes("ceildivsi", {7, -7, 7, 5}, {2, 2, -2, 0}, {4, -3, -3, 0});
  expectBytes("remsi", {7, -7, 5, -128}, {-2, 2, 0, -1}, {1, -1, 0, 0});
  expectBytes("divui", {-1, 5}, {2, 0}, {127, 0});
  expectBytes("ceildivui", {-1, 5}, {2, 0}, {-128, 0});
  expectBytes("remui", {-1, 5}, {10, 0}, {5, 0});
}

TEST(Integer, shifts_by_the_width_or_more) {
  expectBytes("shli", {3, 3, 3}, {6, 8, -1}, {-64, 0, 0});
  expectBytes("shrui", {-1, -1}, {4, 8}, {15, 0});
  expectBytes("shrsi", {-100, -100, 100}, {2, 8, -1}, {-25, -1, 0});
}

TEST(Integer, signed_and_unsigned_order) {
  expectBytes("maxsi", {-1, 1}, {1, -128}, {1, 1});
  expectBytes("maxui", {-1, 1}, {1, -128}, {-1, -128});
  expectBytes("minsi", {-1}, {1}, {-1});
  expectBytes("minui", {-1}, {1}, {1});
  expectValues(apply("arith.cmpi slt,", bytes({-1, 1}, {1, 1}), "i8", "i1"), {1, 0});
  expectValues(apply("arith.cmpi ult,", bytes({-1, 1}, {1, 2}), "i8", "i1"), {0, 1});
}

TEST(Integer, bool_is_one_bit) {
  Tensors bools =
      inputs(Tensor::of(DType::Bool, {2}, {1, 0}), Tensor::of(DType::Bool, {2}, {1, 1}));
  expectValues(apply("arith.addi", bools, "i1", "i1"), {0, 1});
  // As a signed number, a set bit is -1.
  expectValues(apply("arith.cmpi slt,", bools, "i1", "i1"), {0, 0});
  bools.pop_back();
  expectValues(apply("arith.extsi", bools, "i1", "i32"), {-1, 0});
  expectValues(apply("arith.extui", bools, "i1", "i32"), {1, 0});
  expectValues(apply("arith.uitofp", bools, "i1", "f32"), {1, 0});
}

TEST(Integer, extended_products_and_counts) {
  Tensors results = evaluate(R"(
    func.func @main(%a: tensor<2xi8>, %b: tensor<2xi8>) -> (tensor<2xi8>, tensor<2xi8>,
                                                            tensor<2xi1>,
                                                            tensor<2xi8>, tensor<2xi8>) {
      %l, %s = arith.mulsi_extended %a, %b : tensor<2xi8>
      %m, %u = arith.mului_extended %a, %b : tensor<2xi8>
      %t, %c = arith.addui_extended %a, %b : tensor<2xi8>, tensor<2xi1>
      %z = math.ctlz %a : tensor<2xi8>
      %p = math.ipowi %a, %b : tensor<2xi8>
      return %s, %u, %c, %z, %p
          : tensor<2xi8>, tensor<2xi8>, tensor<2xi1>, tensor<2xi8>, tensor<2xi8>
    })",
                             bytes({-128, 3}, {-128, 5}));
  ASSERT_EQ(results.size(), 5u);
  expectValues(results[0], {64, 0});
  expectValues(results[1], {64, 0});
  expectValues(results[2], {1, 0});
  expectValues(results[3], {0, 6});
  expectValues(results[4], {0, -13});
}

static Tensors reals(llvm::ArrayRef<double> left, llvm::ArrayRef<double> right = {}) {
  int64_t count = left.size();
  Tensors tensors = inputs(Tensor::of(DType::F32, {count}, left));
  if (!right.empty())
    tensors.push_back(Tensor::of(DType::F32, {count}, right));
  return tensors;
}

static void expectReals(std::string op, const Tensors &operands, llvm::ArrayRef<double> want) {
  SCOPED_TRACE(op);
  Tensor got = apply(op, operands, "f32", "f32");
  expectValues(got, want);
  for (size_t index = 0; index < want.size(); ++index)
    if (!std::isnan(want[index]))
      EXPECT_EQ(std::signbit(got.real(index)), std::signbit(want[index])) << "element " << index;
}

TEST(Float, maximum_and_minimum_of_nan_and_zeros) {
  double nan = NAN;
  expectReals("arith.maximumf", reals({nan, 1, -0.0, 0}, {1, nan, 0, -0.0}), {nan, nan, 0, 0});
  expectReals("arith.minimumf", reals({nan, 1, -0.0, 0}, {1, nan, 0, -0.0}),
              {nan, nan, -0.0, -0.0});
  expectReals("arith.maxnumf", reals({nan, 1, -1, nan}, {1, nan, -2, nan}), {1, 1, -1, nan});
  expectReals("arith.minnumf", reals({nan, 1, -1, nan}, {1, nan, -2, nan}), {1, 1, -2, nan});
}

TEST(Float, ordered_and_unordered_comparisons) {
  auto compare = [&](std::string predicate) {
    return apply("arith.cmpf " + predicate + ",", reals({NAN, 1, 2}, {1, 1, 1}), "f32", "i1");
  };
  expectValues(compare("oeq"), {0, 1, 0});
  expectValues(compare("ueq"), {1, 1, 0});
  expectValues(compare("one"), {0, 0, 1});
  expectValues(compare("une"), {1, 0, 1});
  expectValues(compare("ogt"), {0, 0, 1});
  expectValues(compare("ule"), {1, 1, 0});
  expectValues(compare("ord"), {0, 1, 1});
  expectValues(compare("uno"), {1, 0, 0});
}

TEST(Float, rounds_halves_as_named) {
  std::vector<double> halves{0.5, 1.5, 2.5, -0.5, -2.5};
  expectReals("math.round", reals(halves), {1, 2, 3, -1, -3});
  expectReals("math.roundeven", reals(halves), {0, 2, 2, -0.0, -2});
  expectReals("math.ceil", reals(halves), {1, 2, 3, -0.0, -2});
  expectReals("math.floor", reals(halves), {0, 1, 2, -1, -3});
  expectReals("math.trunc", reals(halves), {0, 1, 2, -0.0, -2});
  expectReals("arith.remf", reals({7, -7, 7, 1}, {-2, 2, HUGE_VAL, 0}), {1, -1, 7, NAN});
}

TEST(Float, functions_at_their_ends) {
  double inf = HUGE_VAL;
  expectReals("math.exp", reals({-inf, 0, inf}), {0, 1, inf});
  expectReals("math.log", reals({0, 1, -1}), {-inf, 0, NAN});
  expectReals("math.rsqrt", reals({0, 4, inf}), {inf, 0.5, 0});
  expectReals("math.powf", reals({0, 2, -8, NAN}, {0, -1, 3, 0}), {1, 0.5, -512, 1});
  expectReals("math.tanh", reals({inf, -inf}), {1, -1});
  expectReals("math.erf", reals({0.5, -inf}), {0.5204998778130465, -1});
  expectReals("math.copysign", reals({1, -2}, {-0.0, 3}), {-1, 2});
}

TEST(Conversion, floats_out_of_range_saturate_and_nan_is_zero) {
  Tensors values = reals({300, -300, NAN, -1.75, HUGE_VAL});
  expectValues(apply("arith.fptosi", values, "f32", "i8"), {127, -128, 0, -1, 127});
  expectValues(apply("arith.fptoui", values, "f32", "i8"), {-1, 0, 0, 0, -1});
  Tensor wide = apply("arith.fptosi", values, "f32", "i64");
  EXPECT_EQ(wide.integer(4), INT64_MAX);
}

TEST(Conversion, bits_of_floats) {
  expectValues(apply("arith.bitcast", reals({1, -0.0}), "f32", "i32"), {0x3f800000, -0x1p31});
  expectValues(
      apply("arith.bitcast", inputs(Tensor::of(DType::I32, {1}, {0x40490fdb})), "i32", "f32"),
      {0x1.921fb6p+1});
}

TEST(Conversion, exact_mode_does_not_round_and_plain_mode_does) {
  std::string text = R"(
    func.func @main(%x: tensor<2xf32>) -> (tensor<2xbf16>, tensor<2xf32>) {
      %b = arith.truncf %x : tensor<2xf32> to tensor<2xbf16>
      %f = arith.extf %b : tensor<2xbf16> to tensor<2xf32>
      %e = math.exp %f : tensor<2xf32>
      return %b, %e : tensor<2xbf16>, tensor<2xf32>
    })";
  double third = static_cast<float>(1.0 / 3), bf16 = 0x1.56p-2;
  Tensors exact = evaluate(text, reals({third, 1e30}));
  Tensors plain = evaluate(text, reals({third, 1e30}), Mode::Plain);
  ASSERT_EQ(exact.size(), 2u);
  ASSERT_EQ(plain.size(), 2u);
  EXPECT_EQ(exact[0].real(0), third);
  EXPECT_EQ(exact[1].real(0), std::exp(third));
  EXPECT_EQ(plain[0].dtype(), DType::BF16);
  EXPECT_EQ(plain[0].real(0), bf16);
  EXPECT_EQ(plain[1].real(0), static_cast<float>(std::exp(bf16)));
}

TEST(Conversion, wide_integers_are_rounded_once) {
  // Just above the middle of two f32 values, but not of two f64 values.
  Tensor value = Tensor::zeros(DType::I64, {1});
  value.setInteger(0, (int64_t(1) << 62) + (int64_t(1) << 38) + 1);
  Tensor got = apply("arith.sitofp", inputs(std::move(value)), "i64", "f32", Mode::Plain);
  EXPECT_EQ(got.real(0), 0x1p62 + 0x1p39);
}
