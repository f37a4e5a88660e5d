//===- AttentionTask.h - what the forms of attention on lanes share -------===//
//
// A task is some queries of one batch and head: its views of the operands, its regions on a group
// of lanes (queries or keys), and the blocks of keys that its mask does not exclude.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_TARGETS_CPU_ATTENTIONTASK_H
#define FOVEA_COMPILER_TARGETS_CPU_ATTENTIONTASK_H

#include "compiler/Targets/CPU/Forms.h"
#include "compiler/Targets/CPU/LaneMath.h"
#include "compiler/Targets/Loops/AttentionKeys.h"
#include "compiler/Targets/Loops/LaneRegion.h"
#include "compiler/Targets/Loops/MaskIntervals.h"

#include "dialects/Fovea/StructuredOps.h"

namespace fovea::cpu {

/// Why no form on lanes takes an attention.
Refusal refuseOnLanes(AttentionOp op);

/// Distance in memory between neighbours along an iteration dimension; none when not static.
std::optional<int64_t> staticStride(mlir::Value buffer, mlir::AffineMap map, unsigned dim);

class AttentionTask : protected LaneMath {
protected:
  using Dim = AttentionOp::Dim;

  AttentionTask(AttentionOp op, Nest &nest, const Capabilities &cpu);

  /// A buffer at this task's batch and head: element (row, column) with the two dimensions.
  Value headView(Value buffer, mlir::AffineMap map, unsigned rowDim, unsigned columnDim);

  /// Keys or values of this task's batch and head, a row each, with row 0 for key `first`: as many
  /// as its page has where keys lie in pages, else all.
  Value rowsFrom(Value first, Value buffer, mlir::AffineMap map, unsigned columnDim);

  /// Calls body(first key, number of keys) for blocks of `block` keys, cut at multiples of `part`
  /// keys into what the mask keeps whole and what it does not, without what it excludes at both
  /// ends; sets `masked`.
  void forKeyBlocks(const Positions &queries, int64_t block, int64_t part,
                    llvm::function_ref<void(Value, Value)> body);

  /// Score and mask regions on a group of lanes; -inf where a key is excluded.
  Value modify(Value score, const LaneGroup &lanes);
  /// Prob region on a group of lanes.
  Value probability(Value weight, const LaneGroup &lanes);

  /// Scores are in units of log2(e) when nothing sees them before the exponential.
  bool inLog2() { return op.getScore().empty(); }
  /// The op's scale, in these units.
  double scale();

  /// The lanes' exponentials of values that are at most 0. Subnormal results, which the CPU
  /// computes by a slow path and every excluded key would have, are 0.
  Value power(Value shifted);
  /// A maximum without the -inf of rows that keep nothing yet.
  Value safe(Value maximum);
  /// `weight`, but -0 where the score says that the key is excluded, which `isExcluded` knows.
  Value marked(Value weight, Value score);
  Value isExcluded(Value weight);
  /// 1 / total, 0 in rows that keep no key.
  Value inverse(Value total);
  /// maximum + log(total), -inf in rows that keep no key; `inverted` totals are 1 / total.
  Value logOfSum(Value maximum, Value total, bool inverted);
  /// The maximum in units of scores, NaN where the total is.
  Value maximumOf(Value maximum, Value total);

  Value infinity() { return splat(-std::numeric_limits<double>::infinity()); }

  AttentionOp op;
  const Capabilities &cpu;
  mlir::Type f32;
  llvm::SmallVector<Value> extent;
  /// Elements of a head in keys and in values.
  int64_t depth = 0, outWidth = 0;
  /// Whether the mask may exclude keys of the block that is being written.
  bool masked = false;
  Value batch, head;

private:
  /// Rows (how many, and along which dimension) of this task's batch and head, from a key on whose
  /// number is that of the map.
  Value viewFrom(Value key, Value buffer, mlir::AffineMap map, std::pair<Value, unsigned> rows,
                 unsigned columnDim);
  void writeSegments(BlockMask &mask, const Positions &keys, int64_t part, int64_t parts,
                     llvm::function_ref<void(Value, Value)> body);
  llvm::SmallVector<Value> regionArguments(const LaneGroup &lanes);
};

} // namespace fovea::cpu

#endif // FOVEA_COMPILER_TARGETS_CPU_ATTENTIONTASK_H
