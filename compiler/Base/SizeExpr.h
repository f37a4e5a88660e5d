//===- SizeExpr.h - sizes as polynomials over symbols ---------------------===//
//
// Importers and passes compute with tensor sizes that only a run knows. A size is a polynomial with
// integer coefficients over symbols; quotients, minima and maxima become symbols of
// their own. Equal polynomials are equal sizes, whatever the order in which a model computed them.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_BASE_SIZEEXPR_H
#define FOVEA_COMPILER_BASE_SIZEEXPR_H

#include "mlir/IR/Value.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringMap.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace fovea {

/// A polynomial in canonical form. Symbols are numbers given out by a SizeContext.
class SizeExpr {
public:
  /// factor * product of symbols (sorted, repeated for powers).
  struct Term {
    int64_t factor;
    llvm::SmallVector<unsigned, 2> symbols;
    bool operator==(const Term &other) const = default;
  };

  SizeExpr(int64_t value = 0) {
    if (value != 0)
      terms.push_back({value, {}});
  }

  /// The value when no symbol is left.
  std::optional<int64_t> constant() const;
  /// The symbol when the expression is exactly one.
  std::optional<unsigned> symbol() const;
  bool is(int64_t value) const { return constant() == value; }
  bool operator==(const SizeExpr &other) const = default;
  /// A total order, for maps.
  bool operator<(const SizeExpr &other) const;

  /// Sorted by monomial, highest first, without zero factors.
  llvm::SmallVector<Term, 1> terms;
};

/// Owns the symbols. Coefficients beyond 2^62 set `overflowed` and count as 0.
class SizeContext {
public:
  enum class Kind { Named, Value, FloorDiv, Min, Max };
  struct Symbol {
    Kind kind;
    std::string name;
    mlir::Value value;
    SizeExpr lhs, rhs;
    /// Of Named and Value; that of the others follows from their operands.
    std::optional<int64_t> least;
    /// Whether some operand comes from data, and the nesting of compound symbols.
    bool fromData = false;
    unsigned depth = 0;
  };

  /// The symbol of a named dimension (at least 0).
  SizeExpr named(llvm::StringRef name);
  /// A new symbol for an index value; `least` is a proven lower bound.
  SizeExpr value(mlir::Value value, std::optional<int64_t> least = std::nullopt);

  SizeExpr add(const SizeExpr &lhs, const SizeExpr &rhs);
  SizeExpr sub(const SizeExpr &lhs, const SizeExpr &rhs);
  SizeExpr mul(const SizeExpr &lhs, const SizeExpr &rhs);
  /// Quotient rounded down. The divisor must not be the constant 0.
  SizeExpr floorDiv(const SizeExpr &lhs, const SizeExpr &rhs);
  SizeExpr ceilDiv(const SizeExpr &lhs, const SizeExpr &rhs);
  /// lhs - rhs * floorDiv(lhs, rhs).
  SizeExpr mod(const SizeExpr &lhs, const SizeExpr &rhs);
  SizeExpr min(const SizeExpr &lhs, const SizeExpr &rhs);
  SizeExpr max(const SizeExpr &lhs, const SizeExpr &rhs);
  SizeExpr product(llvm::ArrayRef<SizeExpr> factors);

  /// lhs / rhs when the division leaves no remainder for all values of the symbols.
  std::optional<SizeExpr> divideExactly(const SizeExpr &lhs, const SizeExpr &rhs);
  /// A proven lower bound.
  std::optional<int64_t> least(const SizeExpr &expr) const;
  /// Takes `expr` >= `bound` for proven from now on (a requirement checks it).
  void assume(const SizeExpr &expr, int64_t bound);
  /// What is assumed while one lives is forgotten at its end: requirements of a branch hold in the
  /// branch.
  class Scope {
  public:
    explicit Scope(SizeContext &sizes) : sizes(sizes), facts(sizes.facts) {}
    Scope(const Scope &) = delete;
    ~Scope() {
      sizes.facts = std::move(facts);
      sizes.bounds.clear();
    }

  private:
    SizeContext &sizes;
    std::map<SizeExpr, int64_t> facts;
  };
  /// True when some symbol comes from data rather than from the sizes of arguments.
  bool dependsOnData(const SizeExpr &expr) const;

  const Symbol &symbol(unsigned number) const { return symbols[number]; }
  bool overflowed = false;

private:
  SizeExpr normalized(SizeExpr expr);
  /// These count `effort` down by the symbols that they look at; without any left there is no
  /// bound.
  std::optional<int64_t> leastWithin(const SizeExpr &expr, unsigned &effort) const;
  std::optional<int64_t> leastOfTerms(const SizeExpr &expr, unsigned &effort) const;
  std::optional<int64_t> leastOfSymbol(unsigned number, unsigned &effort) const;
  std::optional<int64_t> leastOfOperation(const Symbol &symbol, unsigned &effort) const;
  int64_t checked(std::optional<int64_t> value);
  unsigned depthOf(const SizeExpr &expr) const;
  SizeExpr compound(Kind kind, const SizeExpr &lhs, const SizeExpr &rhs);
  SizeExpr minOrMax(Kind kind, const SizeExpr &lhs, const SizeExpr &rhs);

  std::vector<Symbol> symbols;
  llvm::StringMap<unsigned> names;
  std::map<std::pair<int, std::pair<SizeExpr, SizeExpr>>, unsigned> compounds;
  std::map<SizeExpr, int64_t> facts;
  /// Bounds of symbols under the facts of now.
  mutable llvm::DenseMap<unsigned, std::optional<int64_t>> bounds;
};

} // namespace fovea

#endif // FOVEA_COMPILER_BASE_SIZEEXPR_H
