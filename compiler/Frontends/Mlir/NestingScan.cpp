//===- NestingScan.cpp - depth of MLIR text before it is parsed -----------===//
//
// A lexer's loop with an explicit stack. It may count too much, never too little, for text that the
// parser accepts.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Frontends/Mlir/NestingScan.h"

#include "llvm/ADT/StringMap.h"

#include <vector>

using namespace fovea;

namespace {
class Scanner : TextCursor {
public:
  Scanner(llvm::StringRef text, unsigned limit) : TextCursor(text), limit(limit) {}

  std::optional<TextPlace> run() {
    while (at < text.size() && depth <= limit)
      step();
    if (depth <= limit)
      return std::nullopt;
    return TextPlace(text, at - 1);
  }

private:
  struct Level {
    char closer;
    /// Operators since the last comma.
    unsigned operators;
  };

  void step() {
    char c = text[at];
    if (c == '"')
      return skipString();
    if (follows("//"))
      return skipComment();
    if (follows("->") || follows("<=") || follows(">=")) {
      at += 2;
      return;
    }
    if (c == '#' || c == '!') {
      ++at;
      return alias(c + identifier().str());
    }
    if (llvm::isAlpha(c) || c == '_') {
      llvm::StringRef word = identifier();
      if (word == "floordiv" || word == "ceildiv" || word == "mod")
        countOperator();
      return;
    }
    ++at;
    switch (c) {
    case '(':
      return open(')');
    case '[':
      return open(']');
    case '{':
      return open('}');
    case '<':
      return open('>');
    case ')':
    case ']':
    case '}':
    case '>':
      return close(c);
    case ',':
      return forgetOperators();
    case '+':
    case '-':
    case '*':
      return countOperator();
    default:
      return;
    }
  }

  /// A name at the outer level before '=' starts a definition, which lasts until the next one or
  /// until its own name is used. Any other name stands for as many levels as its definition has.
  void alias(const std::string &name) {
    size_t next = text.find_first_not_of(" \t\r\n", at);
    if (levels.empty() && next != llvm::StringRef::npos && text[next] == '=') {
      defined = name;
      aliasDepth[name] = 0;
      return;
    }
    auto found = aliasDepth.find(name);
    if (found == aliasDepth.end())
      return;
    if (name == defined)
      defined.clear();
    unsigned before = depth;
    deepen(found->second);
    if (depth <= limit)
      depth = before;
  }

  void deepen(unsigned more) {
    depth += more;
    if (!defined.empty())
      aliasDepth[defined] = std::max(aliasDepth[defined], depth);
  }

  void open(char closer) {
    levels.push_back({closer, 0});
    deepen(1);
  }

  /// Closes up to the matching level; the parser stops at a closer that matches none.
  void close(char closer) {
    for (size_t index = levels.size(); index > 0; --index) {
      if (levels[index - 1].closer != closer)
        continue;
      for (; levels.size() >= index; levels.pop_back())
        depth -= 1 + levels.back().operators;
      return;
    }
  }

  /// Expressions stand in ( ), [ ] and < >; directly in { } such characters belong to literals.
  void countOperator() {
    if (levels.empty() || levels.back().closer == '}')
      return;
    ++levels.back().operators;
    deepen(1);
  }

  void forgetOperators() {
    if (levels.empty())
      return;
    depth -= levels.back().operators;
    levels.back().operators = 0;
  }

  unsigned limit;
  unsigned depth = 0;
  std::vector<Level> levels;
  llvm::StringMap<unsigned> aliasDepth;
  std::string defined;
};
} // namespace

std::optional<TextPlace> fovea::findDeepNesting(llvm::StringRef text, unsigned limit) {
  return Scanner(text, limit).run();
}
