//===- WriteFile.h - files that appear complete or not at all -------------===//
//
// The one way in which the compiler writes texts and bytes; artefacts have the runtime's own.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_DRIVER_WRITEFILE_H
#define FOVEA_COMPILER_DRIVER_WRITEFILE_H

#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/raw_ostream.h"

#include <string>

namespace fovea {

/// Replaces the file `path` by what `write` writes, by way of a temporary file and a rename; "-" is
/// stdout. Empty on success, else "path: reason".
std::string writeFile(llvm::StringRef path, llvm::function_ref<void(llvm::raw_ostream &)> write);

} // namespace fovea

#endif // FOVEA_COMPILER_DRIVER_WRITEFILE_H
