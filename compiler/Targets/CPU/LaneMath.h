//===- LaneMath.h - f32 arithmetic on one vector of lanes -----------------===//
//
// Short names for what schedules write on vectors.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_TARGETS_CPU_LANEMATH_H
#define FOVEA_COMPILER_TARGETS_CPU_LANEMATH_H

#include "compiler/Targets/Loops/Nest.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

namespace fovea::cpu {

using namespace fovea::loops;

/// Arithmetic on vectors of `lanes` f32, written at the nest's place.
class LaneMath {
protected:
  using Value = mlir::Value;

  LaneMath(Nest &nest, int64_t lanes)
      : nest(nest), lanesType(mlir::VectorType::get({lanes}, nest.builder.getF32Type())) {}

  Value splat(double value) {
    return mlir::arith::ConstantOp::create(
        nest.builder, nest.loc, mlir::DenseElementsAttr::get(lanesType, static_cast<float>(value)));
  }
  Value load(Value buffer, llvm::ArrayRef<Value> at) {
    return mlir::vector::LoadOp::create(nest.builder, nest.loc, lanesType, buffer, at);
  }
  void store(Value value, Value buffer, llvm::ArrayRef<Value> at) {
    mlir::vector::StoreOp::create(nest.builder, nest.loc, value, buffer, at);
  }
  Value mulf(Value a, Value b) { return mlir::arith::MulFOp::create(nest.builder, nest.loc, a, b); }
  Value addf(Value a, Value b) { return mlir::arith::AddFOp::create(nest.builder, nest.loc, a, b); }
  Value subf(Value a, Value b) { return mlir::arith::SubFOp::create(nest.builder, nest.loc, a, b); }
  Value compare(mlir::arith::CmpFPredicate predicate, Value a, Value b) {
    return mlir::arith::CmpFOp::create(nest.builder, nest.loc, predicate, a, b);
  }
  Value select(Value condition, Value a, Value b) {
    return mlir::arith::SelectOp::create(nest.builder, nest.loc, condition, a, b);
  }

  Nest &nest;
  mlir::VectorType lanesType;
};

} // namespace fovea::cpu

#endif // FOVEA_COMPILER_TARGETS_CPU_LANEMATH_H
