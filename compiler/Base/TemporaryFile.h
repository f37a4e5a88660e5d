//===- TemporaryFile.h - a file for as long as a scope lasts --------------===//
//
// What programs and linkers that take files are given.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_BASE_TEMPORARYFILE_H
#define FOVEA_COMPILER_BASE_TEMPORARYFILE_H

#include "llvm/ADT/SmallString.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include <system_error>

namespace fovea {

/// A temporary file that is removed at the end of the scope.
class TemporaryFile {
public:
  explicit TemporaryFile(llvm::StringRef suffix);
  ~TemporaryFile();
  TemporaryFile(const TemporaryFile &) = delete;
  TemporaryFile &operator=(const TemporaryFile &) = delete;

  /// Fills the file; an error also when it could not be made.
  llvm::Error write(llvm::StringRef content) const;

  llvm::SmallString<128> path;
  /// Why there is no file, if so.
  std::error_code error;
};

} // namespace fovea

#endif // FOVEA_COMPILER_BASE_TEMPORARYFILE_H
