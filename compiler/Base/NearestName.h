//===- NearestName.h - what a misspelt name may have meant ----------------===//
//
// For messages about names that are not known.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_BASE_NEARESTNAME_H
#define FOVEA_COMPILER_BASE_NEARESTNAME_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"

#include <string>

namespace fovea {

/// The entry of `known` that is nearest to `word`, as ", did you mean 'x'?"; "" when none is near.
std::string didYouMean(llvm::StringRef word, llvm::ArrayRef<std::string> known);

} // namespace fovea

#endif // FOVEA_COMPILER_BASE_NEARESTNAME_H
