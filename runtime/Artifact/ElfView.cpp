//===- ElfView.cpp - bounds-checked reading of an ELF file ----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "runtime/Artifact/ElfView.h"

#include <algorithm>

namespace fvm {

bool ElfView::readName(uint64_t offset, std::string &name) const {
  uint64_t table = *tag(DT_STRTAB), size = *tag(DT_STRSZ);
  for (; offset < size; ++offset) {
    char c;
    if (!readImage(table + offset, c))
      return false;
    if (!c)
      return true;
    name += c;
  }
  return false;
}

/// The table holds for each bucket the first symbol of a chain; a chain ends with a set low bit,
/// and the chain that starts last ends with the last symbol.
std::optional<uint64_t> ElfView::countGnuHash(uint64_t table) const {
  // Buckets, first hashed symbol, Bloom filter words, Bloom shift.
  uint32_t words[4];
  if (!readImage(table, words) || words[0] == 0 || words[2] == 0)
    return std::nullopt;
  uint64_t buckets = table + sizeof(words) + uint64_t(words[2]) * 8;
  uint64_t chains = buckets + uint64_t(words[0]) * 4;
  uint64_t last = 0;
  for (uint64_t i = 0; i < words[0]; ++i) {
    uint32_t first;
    if (!readImage(buckets + i * 4, first) || (first && first < words[1]))
      return std::nullopt;
    last = std::max<uint64_t>(last, first);
  }
  if (last == 0)
    return words[1];
  for (;; ++last) {
    uint32_t value;
    if (!readImage(chains + (last - words[1]) * 4, value))
      return std::nullopt;
    if (value & 1)
      return last + 1;
  }
}

std::optional<uint64_t> ElfView::countSymbols() const {
  uint64_t count = 0;
  if (auto hash = tag(DT_HASH)) {
    // Buckets and chain entries; there is one of the latter for each symbol.
    uint32_t words[2];
    if (!readImage(*hash, words))
      return std::nullopt;
    count = words[1];
  }
  if (auto hash = tag(DT_GNU_HASH)) {
    std::optional<uint64_t> hashed = countGnuHash(*hash);
    if (!hashed)
      return std::nullopt;
    count = std::max(count, *hashed);
  }
  return count ? std::optional(count) : std::nullopt;
}

} // namespace fvm
