//===- Array.h - values while a module is interpreted ---------------------===//
//
// One 8-byte cell per element whatever the type: floats as double, integers as int64. Integers are
// kept sign-extended from their width, i1 as 0 or 1.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_TARGETS_REFERENCE_ARRAY_H
#define FOVEA_COMPILER_TARGETS_REFERENCE_ARRAY_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"

#include <cstdint>
#include <memory>

namespace fovea::reference {

/// An element or scalar; its IR type says which member counts.
union Cell {
  int64_t integer;
  double real;
};

/// Counts the bytes of live arrays against a limit.
class Budget {
public:
  explicit Budget(uint64_t limit) : limit(limit) {}
  /// Zeroed memory that gives its bytes back when it dies; null when the limit or the machine
  /// refuses.
  std::shared_ptr<Cell[]> cells(int64_t count);
  uint64_t used() const { return bytes; }

private:
  uint64_t limit, bytes = 0;
};

/// A dense row-major tensor. Copies share their cells until one of them asks to write.
struct Array {
  llvm::SmallVector<int64_t> shape;
  int64_t count = 0;
  std::shared_ptr<Cell[]> cells;
  /// Cells of a weight, which later uses of it share: never written, even by a lone holder.
  bool constant = false;

  bool writable() const { return !constant && cells.use_count() == 1; }
  const Cell *data() const { return cells.get(); }
  /// Cells to write; only after Execution::makeUnique or on a fresh array.
  Cell *mutableData() { return cells.get(); }
};

/// The value of an SSA value: a scalar or a tensor, by its type.
struct Datum {
  Cell cell = {0};
  Array array;
};

/// Row-major strides of a shape, in elements.
llvm::SmallVector<int64_t> stridesOf(llvm::ArrayRef<int64_t> shape);

/// Steps `index` to the next position of the box in row-major order; false behind the last one.
bool advance(llvm::MutableArrayRef<int64_t> index, llvm::ArrayRef<int64_t> extents);

} // namespace fovea::reference

#endif // FOVEA_COMPILER_TARGETS_REFERENCE_ARRAY_H
