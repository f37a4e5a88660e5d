//===- Nest.h - loops and index arithmetic of schedules -------------------===//
//
// A thin layer over scf and arith in which schedules are written: folded index arithmetic, loops
// with bodies as functions, the task loop of a kernel, strips of rows. On a device the tasks are
// threads.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_TARGETS_LOOPS_NEST_H
#define FOVEA_COMPILER_TARGETS_LOOPS_NEST_H

#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinTypes.h"

namespace fovea::loops {

/// How strips of rows cover a count that is no multiple of the strip.
enum class Tail {
  /// The last strip starts early and repeats rows: results must not depend on earlier ones.
  Overlap,
  /// Every row is visited once.
  Exact,
  /// So it is, and where the count is known the strips' heights differ by one row at most.
  Even,
};

/// Rows [first, last) of `count`: a task's share.
struct RowShare {
  mlir::Value first, last, count;
};

/// Builder of loops at one place.
class Nest {
public:
  /// Elements that a task works on, about; of a kernel that steps of a loop launch, whose threads
  /// are awake and meet behind it anyhow.
  static constexpr int64_t kTaskElements = 32768, kStepElements = 2048;

  /// `blockThreads`: threads of a block where kernels are grids of threads, else 0.
  Nest(mlir::OpBuilder &builder, mlir::Location loc, int64_t blockThreads = 0)
      : builder(builder), loc(loc), blockThreads(blockThreads) {}

  mlir::OpBuilder &builder;
  mlir::Location loc;
  const int64_t blockThreads;
  int64_t taskElements = kTaskElements;
  /// Within a task of several computations: its share of the rows of each.
  std::optional<RowShare> share;

  mlir::Value index(int64_t value);
  mlir::Value f32(double value);
  mlir::Value add(mlir::Value a, mlir::Value b);
  mlir::Value sub(mlir::Value a, mlir::Value b);
  mlir::Value mul(mlir::Value a, mlir::Value b);
  mlir::Value min(mlir::Value a, mlir::Value b);
  mlir::Value max(mlir::Value a, mlir::Value b);
  mlir::Value div(mlir::Value a, mlir::Value b);
  mlir::Value rem(mlir::Value a, mlir::Value b);
  mlir::Value ceilDiv(mlir::Value a, mlir::Value b);
  mlir::Value product(llvm::ArrayRef<mlir::Value> values);

  /// Extent of a dimension; a constant when static.
  mlir::Value size(mlir::Value buffer, int64_t dim);
  llvm::SmallVector<mlir::Value> sizes(mlir::Value buffer);

  /// Indices of the position `linear` in row-major order over `extents`.
  llvm::SmallVector<mlir::Value> delinearize(mlir::Value linear,
                                             llvm::ArrayRef<mlir::Value> extents);

  /// Values of an affine map at `dims`.
  llvm::SmallVector<mlir::Value> apply(mlir::AffineMap map, mlir::ValueRange dims);

  using Body = llvm::function_ref<void(mlir::Value)>;
  using Carried = llvm::SmallVector<mlir::Value>;

  /// for iv in [low, high) by step.
  void loop(mlir::Value low, mlir::Value high, mlir::Value step, Body body);
  /// The same with loop-carried values; the body gives the next ones.
  Carried loop(mlir::Value low, mlir::Value high, mlir::Value step, mlir::ValueRange initial,
               llvm::function_ref<Carried(mlir::Value, mlir::ValueRange)> body);
  /// if (condition) then, else otherwise (which may be null).
  void branch(mlir::Value condition, llvm::function_ref<void()> then,
              llvm::function_ref<void()> otherwise = nullptr);
  /// The task loop of a kernel; in a grid a thread for each task.
  void parallel(mlir::Value count, Body body);
  /// The grid of a kernel: body(block, thread).
  void grid(mlir::Value blocks, int64_t threads,
            llvm::function_ref<void(mlir::Value, mlir::Value)> body);

  /// Calls emit(first row, rows) so that strips of at most `rows` rows cover `count`, those of
  /// fewer rows behind the others.
  void strips(mlir::Value count, int64_t rows, Tail tail,
              llvm::function_ref<void(mlir::Value, int64_t)> emit);

  /// Uninitialized scratch memory of the task.
  mlir::Value scratch(llvm::ArrayRef<int64_t> shape, mlir::Type element);

  /// View of `buffer` as sizes x strides (in elements) from element `offset` of its data on.
  mlir::Value view(mlir::Value buffer, mlir::Value offset, llvm::ArrayRef<mlir::Value> sizes,
                   llvm::ArrayRef<mlir::Value> strides);

  /// Stride of a dimension in elements, and the offset of a buffer's first element.
  mlir::Value stride(mlir::Value buffer, int64_t dim);
  mlir::Value offset(mlir::Value buffer);

private:
  mlir::Operation *metadata(mlir::Value buffer);
};

/// The value of a constant index.
std::optional<int64_t> constant(mlir::Value value);

} // namespace fovea::loops

#endif // FOVEA_COMPILER_TARGETS_LOOPS_NEST_H
