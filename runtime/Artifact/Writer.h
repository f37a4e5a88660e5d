//===- Writer.h - writes .fvm files ---------------------------------------===//
//
// Lays out sections, hashes them and writes them without copying their content.
// The same sections give the same bytes.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_RUNTIME_ARTIFACT_WRITER_H
#define FOVEA_RUNTIME_ARTIFACT_WRITER_H

#include "runtime/Artifact/ContentHash.h"
#include "runtime/Artifact/Format.h"
#include "runtime/Artifact/Status.h"
#include <vector>

namespace fvm {

struct Section {
  SectionKind kind;
  /// At most 31 characters; code needs one ("cpu"), the other kinds may have "".
  std::string target;
  /// Concatenated content, borrowed until the write returns; null data stands for zeros.
  std::vector<Bytes> content;
  /// A power of two up to 2 MiB; weights at least 64.
  uint64_t alignment = 64;
  MemorySpace space = MemorySpace::Host;
};

/// The sections of an artefact in file order, `code` being one or more code sections. Borrows
/// everything given; an empty ledger is left out.
std::vector<Section> sectionsOf(std::string_view manifestJson, std::vector<Section> code,
                                std::vector<Bytes> weights, std::string_view ledgerJson);

/// Writes to a temporary file in the folder of `path`, syncs it and renames it over `path`, so
/// that readers see the old file or the whole new one. `path` may be absent, a regular file, or a
/// link to one.
Status writeArtifact(const std::string &path, const std::vector<Section> &sections);

/// Writes from the current position of an open file, e.g. of a memfd that is then loaded by its
/// /proc/self/fd name.
Status writeArtifact(int fd, const std::vector<Section> &sections);

/// Writes to memory, replacing what `out` held.
Status writeArtifact(std::vector<std::byte> &out, const std::vector<Section> &sections);

} // namespace fvm

#endif // FOVEA_RUNTIME_ARTIFACT_WRITER_H
