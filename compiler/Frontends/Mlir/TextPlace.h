//===- TextPlace.h - a place in text --------------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_FRONTENDS_MLIR_TEXTPLACE_H
#define FOVEA_COMPILER_FRONTENDS_MLIR_TEXTPLACE_H

#include "llvm/ADT/StringRef.h"

namespace fovea {

/// Line and column, both from 1 on.
struct TextPlace {
  TextPlace(llvm::StringRef text, size_t at)
      : line(text.take_front(at).count('\n') + 1), column(at - text.take_front(at).rfind('\n')) {}

  unsigned line, column;
};

} // namespace fovea

#endif // FOVEA_COMPILER_FRONTENDS_MLIR_TEXTPLACE_H
