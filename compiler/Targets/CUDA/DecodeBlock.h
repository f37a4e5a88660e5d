//===- DecodeBlock.h - what the forms of attention of few queries share ---===//
//
// A block has some queries of a head and reads keys and values once for all of them. Its warps take
// turns in groups of keys, which come to registers 16 bytes a lane at a time; what the warps have
// is merged in their order.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_TARGETS_CUDA_DECODEBLOCK_H
#define FOVEA_COMPILER_TARGETS_CUDA_DECODEBLOCK_H

#include "compiler/Targets/CUDA/AttentionBlock.h"
#include "compiler/Targets/CUDA/LaneRows.h"

namespace fovea::cuda {

/// Why an attention has not few queries whose keys can be read so.
Refusal refuseDecode(AttentionOp op);

class DecodeBlock : protected AttentionBlock {
protected:
  using Values = llvm::SmallVector<Value>;

  /// Largest score and sum of the exponentials of scores less that.
  struct Statistics {
    Value maximum, total;
  };

  DecodeBlock(AttentionOp op, Nest &nest);

  /// A block for each `rows` queries of a head: body() with the members below set.
  void writeGrid(llvm::function_ref<void()> body);

  /// What `then` or `otherwise` gives.
  Values either(Value condition, llvm::function_ref<Values()> then,
                llvm::function_ref<Values()> otherwise);

  /// Query `row` of the block; the last one behind it.
  Value queryAt(Value row) { return nest.min(nest.add(firstQuery, row), nest.index(queries - 1)); }
  /// First key of this warp in the groups that begin at `start`.
  Value firstOfWarp(Value start) {
    return nest.add(start, nest.mul(number, nest.index(groupKeys)));
  }
  /// Words of the block's queries `ofRows`, one after the other.
  Values loadQueries(const LaneRows &from, llvm::ArrayRef<Value> ofRows);
  /// Words of keys, or of values, that lie at `places` of this warp's group of those that begin at
  /// `start`; 0 when there are none. The last key stands for those behind it.
  Values loadKeys(const LaneRows &from, Value start, llvm::ArrayRef<Value> places) {
    return loadGroup(from, {op.getKey(), op.getKeyMap(), Dim::D}, start, places);
  }
  Values loadValues(const LaneRows &from, Value start, llvm::ArrayRef<Value> places) {
    return loadGroup(from, {op.getValue(), op.getValueMap(), Dim::E}, start, places);
  }

  /// The lane's score of query `row` with key `key`, of a product `dot`; -inf where the key is
  /// excluded or not there.
  Value scoreOf(Value dot, Value row, Value key);

  /// Memory of the block for what each warp has: sums [warp, row, channel], statistics [warp, row,
  /// 2]. What a thread keeps of its own warp.
  void placeShared();
  void keepSum(Value sum, Value row, Value channel);
  void keepStatistics(const Statistics &own, Value row);
  /// Merges what is there behind a barrier, and stores the results.
  void mergeAndStore();

  /// Queries of the op, of a block; keys of a warp's group.
  int64_t queries, rows = 0, groupKeys = 0;
  Value thread, lane, number, firstQuery, aligned;
  /// Keys that some query may keep.
  Positions range;

private:
  struct Source {
    Value operand;
    mlir::AffineMap map;
    unsigned columnDim;
  };
  Values loadGroup(const LaneRows &from, const Source &source, Value start,
                   llvm::ArrayRef<Value> places);
  Value read(Value buffer, int64_t warp, Value row, Value column);
  Statistics merged(Value row);
  Value factorOf(int64_t one, Value row, const Statistics &of);

  /// Sums and statistics of all warps.
  Value parts, all;
};

} // namespace fovea::cuda

#endif // FOVEA_COMPILER_TARGETS_CUDA_DECODEBLOCK_H
