//===- TextCursor.h - a walk through MLIR text ----------------------------===//
//
// What scans in front of the parser share: strings, comments, names, and places to report.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_FRONTENDS_MLIR_TEXTCURSOR_H
#define FOVEA_COMPILER_FRONTENDS_MLIR_TEXTCURSOR_H

#include "llvm/ADT/StringExtras.h"

#include <algorithm>

namespace fovea {

/// Line and column, both from 1 on.
struct TextPlace {
  TextPlace(llvm::StringRef text, size_t at)
      : line(text.take_front(at).count('\n') + 1), column(at - text.take_front(at).rfind('\n')) {}

  unsigned line, column;
};

class TextCursor {
protected:
  explicit TextCursor(llvm::StringRef text) : text(text) {}

  bool follows(llvm::StringRef part) const { return text.substr(at).starts_with(part); }

  /// Passes over the comment that begins here, to the end of its line.
  void skipComment() { at = std::min(text.find('\n', at), text.size()); }

  /// Passes over the string that begins here.
  void skipString() {
    for (++at; at < text.size() && text[at] != '"'; ++at)
      at += text[at] == '\\';
    at = std::min(at + 1, text.size());
  }

  /// Text from the current place on that is a name; passes over it.
  llvm::StringRef identifier() {
    llvm::StringRef word = text.substr(at).take_while(
        [](char c) { return llvm::isAlnum(c) || c == '_' || c == '$' || c == '.'; });
    at += word.size();
    return word;
  }

  llvm::StringRef text;
  size_t at = 0;
};

} // namespace fovea

#endif // FOVEA_COMPILER_FRONTENDS_MLIR_TEXTCURSOR_H
