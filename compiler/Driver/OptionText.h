//===- OptionText.h - options of a compilation by name --------------------===//
//
// The one place that reads options from text, for the C interface and the command line.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_DRIVER_OPTIONTEXT_H
#define FOVEA_COMPILER_DRIVER_OPTIONTEXT_H

#include "compiler/Driver/Compile.h"

#include <optional>

namespace fovea {

/// Sets the option `key` (see fovea_options_set in fovea_compiler.h); a problem when key or value
/// is wrong.
std::optional<Problem> setOption(CompileOptions &options, llvm::StringRef key,
                                 llvm::StringRef value);

} // namespace fovea

#endif // FOVEA_COMPILER_DRIVER_OPTIONTEXT_H
