//===- Fill.cpp - inputs made from a short text ---------------------------===//
//
// Parser of the fill texts and the counter-based generator behind them.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Data/Fill.h"

#include "compiler/Data/Npy.h"

#include <cmath>
#include <numbers>

using namespace fovea;
using llvm::StringRef;

static uint64_t mix(uint64_t value) {
  // splitmix64 (Steele, Lea, Flood 2014).
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9ull;
  value = (value ^ (value >> 27)) * 0x94d049bb133111ebull;
  return value ^ (value >> 31);
}

uint64_t fovea::draw(uint64_t seed, uint64_t k) {
  constexpr uint64_t golden = 0x9e3779b97f4a7c15ull;
  return mix(mix(seed + golden) + (k + 1) * golden);
}

static double normal(uint64_t seed, uint64_t element) {
  uint64_t pair = element & ~uint64_t(1);
  double u = static_cast<double>((draw(seed, pair) >> 11) + 1) * 0x1p-53;
  double v = static_cast<double>(draw(seed, pair + 1) >> 11) * 0x1p-53;
  double radius = std::sqrt(-2 * std::log(u)), angle = 2 * std::numbers::pi * v;
  return radius * (element & 1 ? std::sin(angle) : std::cos(angle));
}

llvm::Expected<Fill> fovea::parseFill(StringRef text) {
  auto refuse = [&](const char *why) {
    return llvm::createStringError("'" + text + "': " + why +
                                   "; expected randn[:SEED], randint:LOW:HIGH[:SEED], ones, zeros "
                                   "or @file.npy");
  };
  Fill fill;
  if (text.consume_front("@")) {
    if (text.empty())
      return refuse("no file name");
    fill.kind = Fill::Kind::File;
    fill.path = text.str();
    return fill;
  }
  llvm::SmallVector<StringRef> parts;
  text.split(parts, ':');
  StringRef kind = parts.front();
  size_t numbers = 0;
  if (kind == "ones" || kind == "zeros") {
    fill.kind = kind == "ones" ? Fill::Kind::Ones : Fill::Kind::Zeros;
    return parts.size() == 1 ? llvm::Expected<Fill>(fill) : refuse("surplus numbers");
  }
  if (kind == "randint") {
    fill.kind = Fill::Kind::Randint;
    numbers = 2;
    if (parts.size() < 3 || parts[1].getAsInteger(10, fill.low) ||
        parts[2].getAsInteger(10, fill.high))
      return refuse("no bounds");
    if (fill.low >= fill.high)
      return refuse("empty range");
  } else if (kind == "randn") {
    fill.kind = Fill::Kind::Randn;
  } else {
    return refuse("unknown kind");
  }
  if (parts.size() > numbers + 2)
    return refuse("surplus numbers");
  if (parts.size() == numbers + 2 && parts.back().getAsInteger(10, fill.seed))
    return refuse("the seed is no number");
  return fill;
}

Fill fovea::defaultFill(DType dtype, uint64_t seed) {
  Fill fill;
  fill.kind = isFloat(dtype) ? Fill::Kind::Randn : Fill::Kind::Randint;
  fill.seed = seed;
  fill.high = 2;
  return fill;
}

static llvm::Expected<Tensor> fromFile(const Fill &fill, DType dtype,
                                       llvm::ArrayRef<int64_t> shape) {
  llvm::Expected<Tensor> tensor = readNpy(fill.path);
  if (!tensor)
    return tensor;
  if (dtype == DType::BF16 && tensor->dtype() == DType::U16)
    if (llvm::Error error = tensor->reinterpret(dtype))
      return std::move(error);
  bool fits = tensor->dtype() == dtype && tensor->shape().size() == shape.size();
  for (size_t dim = 0; fits && dim < shape.size(); ++dim)
    fits = shape[dim] == -1 || shape[dim] == tensor->shape()[dim];
  if (!fits)
    return llvm::createStringError(fill.path + ": expected " + describe(dtype, shape) + ", got " +
                                   describe(tensor->dtype(), tensor->shape()));
  return tensor;
}

llvm::Expected<Tensor> fovea::makeTensor(const Fill &fill, DType dtype,
                                         llvm::ArrayRef<int64_t> shape) {
  if (fill.kind == Fill::Kind::File)
    return fromFile(fill, dtype, shape);
  if (fill.kind == Fill::Kind::Randn && !isFloat(dtype))
    return llvm::createStringError("randn cannot fill " + describe(dtype, shape) +
                                   "; use randint:LOW:HIGH:SEED");
  llvm::Expected<Tensor> tensor = Tensor::create(dtype, shape);
  if (!tensor || fill.kind == Fill::Kind::Zeros)
    return tensor;
  uint64_t range = static_cast<uint64_t>(fill.high) - static_cast<uint64_t>(fill.low);
  for (int64_t index = 0; index < tensor->count(); ++index) {
    if (fill.kind == Fill::Kind::Ones)
      tensor->setInteger(index, 1);
    else if (fill.kind == Fill::Kind::Randn)
      tensor->setReal(index, normal(fill.seed, index));
    else
      tensor->setInteger(
          index, static_cast<int64_t>(
                     static_cast<uint64_t>(fill.low) +
                     static_cast<uint64_t>(
                         (static_cast<unsigned __int128>(draw(fill.seed, index)) * range) >> 64)));
  }
  return tensor;
}
