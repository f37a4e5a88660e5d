//===- Reader.h - opens and checks .fvm files -----------------------------===//
//
// Opening checks the header, the section table and the padding; each section's
// content is checked when it is asked for. Together that covers every byte.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_RUNTIME_ARTIFACT_READER_H
#define FOVEA_RUNTIME_ARTIFACT_READER_H

#include "runtime/Artifact/ContentHash.h"
#include "runtime/Artifact/Format.h"
#include "runtime/Artifact/Status.h"
#include <vector>

namespace fvm {

/// An open artefact: a read-only mapping and the checked section table. Move only.
class Artifact {
public:
  Artifact() = default;
  Artifact(Artifact &&other) noexcept { *this = std::move(other); }
  Artifact &operator=(Artifact &&other) noexcept;
  ~Artifact();

  /// Maps a regular file.
  static Status open(const char *path, Artifact &artifact);

  /// Copies `size` bytes, keeping sections aligned.
  static Status copyFrom(const void *data, size_t size, Artifact &artifact);

  const std::vector<SectionRecord> &sections() const { return table; }

  /// First section of that kind and target, or null.
  const SectionRecord *find(SectionKind kind, std::string_view target = "") const;

  /// Content of a section in the mapping, not checked yet.
  Bytes content(const SectionRecord &section) const {
    return {base + section.offset, section.size};
  }

  /// Compares the content with the section's hash, in place.
  Status check(const SectionRecord &section) const;

  /// Copies the content to `text` and checks the copy.
  Status copyText(const SectionRecord &section, std::string &text) const;

private:
  Status readTable();
  Status checkLayout() const;

  const uint8_t *base = nullptr;
  uint64_t size = 0;
  std::vector<SectionRecord> table;
};

/// Name of a section for messages: "code 'cpu'".
std::string sectionName(const SectionRecord &section);

/// Copies the ledger and checks the copy; "" when there is none.
Status readLedger(const Artifact &artifact, std::string &text);

/// Compares `content` with the hash of `section`.
Status checkContent(const SectionRecord &section, Bytes content);

} // namespace fvm

#endif // FOVEA_RUNTIME_ARTIFACT_READER_H
