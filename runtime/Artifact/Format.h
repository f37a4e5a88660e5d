//===- Format.h - layout of a .fvm file -----------------------------------===//
//
// Constants and fixed-size records of docs/Spec-fvm.md. All integers are
// little-endian; the records are laid out so that C++ adds no padding.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_RUNTIME_ARTIFACT_FORMAT_H
#define FOVEA_RUNTIME_ARTIFACT_FORMAT_H

#include "runtime/Artifact/Sha256.h"
#include <bit>
#include <cstddef>

namespace fvm {

static_assert(std::endian::native == std::endian::little, "a .fvm is little-endian");

inline constexpr uint8_t fileMagic[8] = {0x89, 'F', 'V', 'M', '\r', '\n', 0x1a, '\n'};
inline constexpr uint32_t formatVersion = 1;
inline constexpr uint32_t maxSections = 64;
inline constexpr uint64_t maxAlignment = uint64_t(1) << 21;
inline constexpr uint64_t maxManifestBytes = uint64_t(1) << 26;
inline constexpr uint64_t maxLedgerBytes = uint64_t(1) << 28;
inline constexpr uint64_t weightsAlignment = 64;

enum class SectionKind : uint32_t { Manifest = 1, Code = 2, Weights = 3, Ledger = 4 };

/// Where a section's content is meant to live.
enum class MemorySpace : uint32_t { Host = 0, Device = 1 };

struct FileHeader {
  uint8_t magic[8];
  uint32_t version;
  uint32_t headerBytes;
  uint64_t abiHash;
  uint64_t fileBytes;
  uint32_t sectionCount;
  uint32_t sectionRecordBytes;
  uint8_t reserved[56];
  /// SHA-256 of the bytes before this field followed by the section table.
  Digest hash;
};
static_assert(sizeof(FileHeader) == 128 && offsetof(FileHeader, hash) == 96);

struct SectionRecord {
  uint32_t kind;
  uint32_t space;
  /// Zero-padded: "" for data of any target, "cpu", later "sm_90" and the like.
  char target[32];
  uint64_t offset;
  uint64_t size;
  uint64_t alignment;
  Digest hash;
  uint8_t reserved[32];
};
static_assert(sizeof(SectionRecord) == 128);

/// Hash of the layout of fovea_abi.h (version and struct sizes) that this was built with.
uint64_t abiHash();

/// First multiple of `alignment` (a power of two) at or after `offset`.
inline constexpr uint64_t alignUp(uint64_t offset, uint64_t alignment) {
  return (offset + alignment - 1) & ~(alignment - 1);
}

} // namespace fvm

#endif // FOVEA_RUNTIME_ARTIFACT_FORMAT_H
