//===- OpenBeneath.h - files named by a model -----------------------------===//
//
// The one way to open a file whose name comes from inside a model: it stays beneath the model's
// folder, and no link leads out of it.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_FRONTENDS_SAFETENSORS_OPENBENEATH_H
#define FOVEA_COMPILER_FRONTENDS_SAFETENSORS_OPENBENEATH_H

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/MemoryBuffer.h"

#include <memory>
#include <string>

namespace fovea {

/// Which symbolic links are followed.
enum class Links {
  None,
  /// A last component that reads ../../blobs/<hex digits>, as in the Hugging Face cache.
  HubCache,
};

/// True for a relative path of plain components: not empty, no "." or "..", no leading slash, no
/// backslash, no control character.
bool isPlainPath(llvm::StringRef path);

/// Maps the regular file `path` beneath `folder`, opening component by component without following
/// links. Hard links cannot be told from files that a package manager shares, and are read, unless
/// the file is to be `alone`. Null, with a lower-case reason in `why`, when that is not possible.
/// `missing` is set, if given, when the file does not exist.
std::unique_ptr<llvm::MemoryBuffer> openBeneath(llvm::StringRef folder, llvm::StringRef path,
                                                Links links, std::string &why,
                                                bool *missing = nullptr, bool alone = false);

} // namespace fovea

#endif // FOVEA_COMPILER_FRONTENDS_SAFETENSORS_OPENBENEATH_H
