//===- Array.cpp - values while a module is interpreted -------------------===//
//
// Memory under a budget, and the arithmetic of positions.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Targets/Reference/Array.h"

#include <cstdlib>

using namespace fovea::reference;

std::shared_ptr<Cell[]> Budget::cells(int64_t count) {
  uint64_t left = limit > bytes ? limit - bytes : 0;
  if (count < 0 || static_cast<uint64_t>(count) > left / sizeof(Cell))
    return nullptr;
  uint64_t size = static_cast<uint64_t>(count) * sizeof(Cell);
  auto *memory = static_cast<Cell *>(std::calloc(count ? count : 1, sizeof(Cell)));
  if (!memory)
    return nullptr;
  bytes += size;
  return std::shared_ptr<Cell[]>(memory, [this, size](Cell *dead) {
    bytes -= size;
    std::free(dead);
  });
}

llvm::SmallVector<int64_t> fovea::reference::stridesOf(llvm::ArrayRef<int64_t> shape) {
  llvm::SmallVector<int64_t> strides(shape.size(), 1);
  for (size_t dim = shape.size(); dim-- > 1;)
    strides[dim - 1] = strides[dim] * shape[dim];
  return strides;
}

bool fovea::reference::advance(llvm::MutableArrayRef<int64_t> index,
                               llvm::ArrayRef<int64_t> extents) {
  for (size_t dim = index.size(); dim-- > 0;) {
    if (++index[dim] < extents[dim])
      return true;
    index[dim] = 0;
  }
  return false;
}
