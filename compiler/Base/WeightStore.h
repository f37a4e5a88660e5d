//===- WeightStore.h - the bytes behind fovea.weight ----------------------===//
//
// Keeps the contents of weights outside the IR. A fovea.weight names a source and an offset; the
// store resolves the source to bytes: a mapped file, or a buffer that a frontend made.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_BASE_WEIGHTSTORE_H
#define FOVEA_COMPILER_BASE_WEIGHTSTORE_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/MemoryBuffer.h"

#include <memory>
#include <optional>
#include <vector>

namespace fovea {

/// Source names to bytes. Not thread-safe while sources are added; lookups are.
class WeightStore {
public:
  /// Adds bytes that the store owns. A later source of the same name replaces the earlier.
  void add(llvm::StringRef source, std::vector<uint8_t> bytes);

  /// Adds a file's contents (normally mapped); the store keeps the buffer.
  void add(llvm::StringRef source, std::unique_ptr<llvm::MemoryBuffer> file);

  /// True when the source is known.
  bool contains(llvm::StringRef source) const { return entries.contains(source); }

  /// `size` bytes of `source` from `offset` on; nothing when the source is unknown or too short.
  std::optional<llvm::ArrayRef<uint8_t>> lookup(llvm::StringRef source, uint64_t offset,
                                                uint64_t size) const;

private:
  struct Entry {
    std::vector<uint8_t> owned;
    std::unique_ptr<llvm::MemoryBuffer> file;
    llvm::ArrayRef<uint8_t> bytes() const;
  };
  llvm::StringMap<Entry> entries;
};

} // namespace fovea

#endif // FOVEA_COMPILER_BASE_WEIGHTSTORE_H
