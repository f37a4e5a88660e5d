//===- WeightStore.cpp - the bytes behind fovea.weight --------------------===//
//
// Lookup with bounds checked against the source's size.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Base/WeightStore.h"

using namespace fovea;

llvm::ArrayRef<uint8_t> WeightStore::Entry::bytes() const {
  if (!file)
    return owned;
  return {reinterpret_cast<const uint8_t *>(file->getBufferStart()), file->getBufferSize()};
}

void WeightStore::add(llvm::StringRef source, std::vector<uint8_t> bytes) {
  entries[source] = Entry{std::move(bytes), nullptr};
}

void WeightStore::add(llvm::StringRef source, std::unique_ptr<llvm::MemoryBuffer> file) {
  entries[source] = Entry{{}, std::move(file)};
}

std::optional<llvm::ArrayRef<uint8_t>> WeightStore::lookup(llvm::StringRef source, uint64_t offset,
                                                           uint64_t size) const {
  auto found = entries.find(source);
  if (found == entries.end())
    return std::nullopt;
  llvm::ArrayRef<uint8_t> bytes = found->second.bytes();
  if (offset > bytes.size() || size > bytes.size() - offset)
    return std::nullopt;
  return bytes.slice(offset, size);
}
