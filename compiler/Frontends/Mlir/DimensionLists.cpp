//===- DimensionLists.cpp - lists of dimensions before they are parsed ----===//
//
// A lexer's loop that looks for a keyword behind a closing parenthesis, and at the list behind it.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Frontends/Mlir/DimensionLists.h"

using namespace fovea;
using llvm::StringRef;

namespace {
class Scanner : TextCursor {
public:
  explicit Scanner(StringRef text) : TextCursor(text) {}

  std::optional<TextPlace> run() {
    // The last character of the token before.
    char before = 0;
    for (blanks(); at < text.size(); blanks()) {
      if (text[at] == '"') {
        skipString();
        before = '"';
        continue;
      }
      StringRef word = identifier();
      bool isList = before == ')' && (word == "permutation" || word == "dimensions");
      if (isList && next('=') && !passesList())
        return TextPlace(text, at);
      before = word.empty() ? text[at++] : word.back();
    }
    return std::nullopt;
  }

private:
  void blanks() {
    while (at < text.size()) {
      if (follows("//"))
        skipComment();
      else if (llvm::isSpace(text[at]))
        ++at;
      else
        return;
    }
  }

  /// Passes over `c` and blanks in front of it, if it is next.
  bool next(char c) {
    blanks();
    if (at >= text.size() || text[at] != c)
      return false;
    ++at;
    return true;
  }

  /// Passes over "[", integers of 64 bits and "]"; false at what is something else.
  bool passesList() {
    if (!next('['))
      return false;
    if (next(']'))
      return true;
    do {
      next('-');
      blanks();
      size_t from = at;
      int64_t number;
      if (identifier().getAsInteger(0, number)) {
        at = from;
        return false;
      }
    } while (next(','));
    return next(']');
  }
};
} // namespace

std::optional<TextPlace> fovea::findBrokenDimensions(StringRef text) { return Scanner(text).run(); }
