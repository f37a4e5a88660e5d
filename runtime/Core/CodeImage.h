//===- CodeImage.h - the code section as a loaded library -----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_RUNTIME_CORE_CODEIMAGE_H
#define FOVEA_RUNTIME_CORE_CODEIMAGE_H

#include "runtime/Artifact/Reader.h"

namespace fovea::core {

/// Code in private memory. Move only.
class CodeImage {
public:
  CodeImage() = default;
  CodeImage(CodeImage &&other) noexcept { *this = std::move(other); }
  CodeImage &operator=(CodeImage &&other) noexcept {
    std::swap(fd, other.fd);
    std::swap(handle, other.handle);
    return *this;
  }
  ~CodeImage();

  /// Copies the section's content to a sealed memory file, checks hash and ELF rules there, so
  /// that what was checked is what runs, and loads it.
  static fvm::Status load(const fvm::Artifact &artifact, const fvm::SectionRecord &section,
                          CodeImage &image);

  /// Address of an exported symbol, null when there is none.
  void *find(const std::string &symbol) const;

private:
  int fd = -1;
  void *handle = nullptr;
};

} // namespace fovea::core

#endif // FOVEA_RUNTIME_CORE_CODEIMAGE_H
