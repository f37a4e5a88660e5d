//===- AttentionBlock.h - what the forms of attention on warps share ------===//
//
// Extents, scalar arithmetic, the regions at one pair of query and key, and the units of scores.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_TARGETS_CUDA_ATTENTIONBLOCK_H
#define FOVEA_COMPILER_TARGETS_CUDA_ATTENTIONBLOCK_H

#include "compiler/Targets/CUDA/Forms.h"
#include "compiler/Targets/Loops/AttentionKeys.h"
#include "compiler/Targets/Loops/MaskIntervals.h"

#include "mlir/Dialect/GPU/IR/GPUDialect.h"

namespace fovea::cuda {

using namespace fovea::loops;

/// Why no form on warps takes an attention: sugar, f64, head sizes.
Refusal refuseOnWarps(AttentionOp op);

/// Why its products cannot be those of tensor cores: their elements.
Refusal refuseElements(AttentionOp op);

class AttentionBlock {
protected:
  using Value = mlir::Value;
  using Dim = AttentionOp::Dim;

  AttentionBlock(AttentionOp op, Nest &nest);

  /// Sets the batch and the head, and loads what their regions capture of these alone.
  void enter(Value inBatch, Value inHead);

  /// True when only the run says how far two keys or two values lie apart.
  bool hasStepsOfTheRun();

  /// (b, h, i, j, d, e), 0 for what is not given.
  llvm::SmallVector<Value> at(Value query, Value key, Value depthAt = Value(),
                              Value channel = Value());

  /// An element as f32.
  Value load(Value buffer, mlir::AffineMap map, llvm::ArrayRef<Value> point);
  /// A result, rounded.
  void store(Value value, Value buffer, mlir::AffineMap map, llvm::ArrayRef<Value> point);

  Value f32(double value) { return nest.f32(value); }
  Value infinity();
  Value mulf(Value x, Value y);
  Value addf(Value x, Value y);
  Value subf(Value x, Value y);
  /// x * y + z with one rounding.
  Value fma(Value x, Value y, Value z);
  Value compare(mlir::arith::CmpFPredicate predicate, Value x, Value y);
  Value compare(mlir::arith::CmpIPredicate predicate, Value x, Value y);
  Value select(Value condition, Value x, Value y);
  Value both(Value x, Value y) { return mlir::arith::AndIOp::create(b, nest.loc, x, y); }
  Value approx(warp::Approximation function, Value x);
  Value word(int64_t value) { return mlir::arith::ConstantIntOp::create(b, nest.loc, value, 32); }
  /// What lane `with`, or the lane at that distance, has.
  Value exchanged(Value value, Value with, mlir::gpu::ShuffleMode mode);
  Value across(Value value, int64_t distance) {
    return exchanged(value, word(distance), mlir::gpu::ShuffleMode::XOR);
  }
  /// The larger one, the second unless the first is larger: a NaN in the first is passed over.
  Value larger(Value x, Value y);

  /// Scores are in units of log2(e) when no region sees them before the exponential.
  bool inLog2() { return op.getScore().empty(); }
  /// The op's scale, in these units.
  double scale();
  /// exp(score - maximum), scores in their units; maxima are those of `safe`.
  Value weigh(Value score, Value maximum);
  /// A maximum without the -inf of rows that keep nothing yet.
  Value safe(Value maximum);
  /// 1 / total, 0 in rows that keep no key.
  Value inverse(Value total);
  /// maximum + log(total), -inf in rows that keep no key.
  Value logOfSum(Value maximum, Value total);
  /// The maximum in units of scores, NaN where the total is.
  Value maximumOf(Value maximum, Value total);

  /// Score region, and mask region where `masked`, of a scaled score; -inf where a key is excluded.
  Value modified(Value score, llvm::ArrayRef<Value> point, bool masked);
  /// i1: what the mask region says of a pair.
  Value keeps(llvm::ArrayRef<Value> point);
  /// Prob region of a weight.
  Value probability(Value weight, llvm::ArrayRef<Value> point);

  AttentionOp op;
  Nest &nest;
  mlir::OpBuilder &b;
  llvm::SmallVector<Value> extent;
  /// Elements of a head in keys and in values.
  int64_t depth, width;
  Value batch, head;

private:
  Value regionAt(mlir::Region &region, Value first, llvm::ArrayRef<Value> point);

  /// By capture, what `enter` has loaded.
  llvm::SmallVector<Value> captured;
};

} // namespace fovea::cuda

#endif // FOVEA_COMPILER_TARGETS_CUDA_ATTENTIONBLOCK_H
