//===- SizeExpr.cpp - sizes as polynomials over symbols -------------------===//
//
// Canonical polynomials, exact division, and the folding of quotients, minima and maxima.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Base/SizeExpr.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/CheckedArithmetic.h"
#include "llvm/Support/MathExtras.h"

#include <tuple>

using namespace fovea;

using Term = SizeExpr::Term;

/// Beyond this many terms a model's arithmetic is not about sizes any more.
static constexpr size_t kMaxTerms = 256;
static constexpr size_t kMaxDegree = 32;
static constexpr unsigned kMaxDepth = 256;
/// Symbols that one question for a bound looks at.
static constexpr unsigned kMaxEffort = 4096;
static constexpr int64_t kMaxFactor = int64_t(1) << 62;

/// Graded order: degree, then symbols. It is preserved by multiplication, as division needs.
static int compareMonomials(const Term &lhs, const Term &rhs) {
  if (lhs.symbols.size() != rhs.symbols.size())
    return lhs.symbols.size() < rhs.symbols.size() ? -1 : 1;
  if (lhs.symbols == rhs.symbols)
    return 0;
  return std::lexicographical_compare(lhs.symbols.begin(), lhs.symbols.end(), rhs.symbols.begin(),
                                      rhs.symbols.end())
             ? 1
             : -1;
}

std::optional<int64_t> SizeExpr::constant() const {
  if (terms.empty())
    return 0;
  if (terms.size() == 1 && terms.front().symbols.empty())
    return terms.front().factor;
  return std::nullopt;
}

std::optional<unsigned> SizeExpr::symbol() const {
  if (terms.size() == 1 && terms.front().factor == 1 && terms.front().symbols.size() == 1)
    return terms.front().symbols.front();
  return std::nullopt;
}

bool SizeExpr::operator<(const SizeExpr &other) const {
  if (terms.size() != other.terms.size())
    return terms.size() < other.terms.size();
  for (auto [mine, theirs] : llvm::zip_equal(terms, other.terms)) {
    if (int order = compareMonomials(mine, theirs))
      return order < 0;
    if (mine.factor != theirs.factor)
      return mine.factor < theirs.factor;
  }
  return false;
}

int64_t SizeContext::checked(std::optional<int64_t> value) {
  if (value && *value <= kMaxFactor && *value >= -kMaxFactor)
    return *value;
  overflowed = true;
  return 0;
}

SizeExpr SizeContext::normalized(SizeExpr expr) {
  llvm::sort(expr.terms, [](const Term &l, const Term &r) { return compareMonomials(l, r) > 0; });
  SizeExpr result;
  for (Term &term : expr.terms) {
    if (!result.terms.empty() && result.terms.back().symbols == term.symbols)
      result.terms.back().factor =
          checked(llvm::checkedAdd(result.terms.back().factor, term.factor));
    else
      result.terms.push_back(std::move(term));
  }
  llvm::erase_if(result.terms, [](const Term &term) { return term.factor == 0; });
  if (result.terms.size() > kMaxTerms)
    overflowed = true;
  return overflowed ? SizeExpr(0) : result;
}

SizeExpr SizeContext::named(llvm::StringRef name) {
  auto [entry, inserted] = names.try_emplace(name, symbols.size());
  if (inserted)
    symbols.push_back({Kind::Named, name.str(), {}, {}, {}, 0, /*fromData=*/false, 0});
  SizeExpr result;
  result.terms.push_back({1, {entry->second}});
  return result;
}

SizeExpr SizeContext::value(mlir::Value value, std::optional<int64_t> least) {
  SizeExpr result;
  result.terms.push_back({1, {static_cast<unsigned>(symbols.size())}});
  symbols.push_back({Kind::Value, "", value, {}, {}, least, /*fromData=*/true, 0});
  return result;
}

SizeExpr SizeContext::compound(Kind kind, const SizeExpr &lhs, const SizeExpr &rhs) {
  auto [entry, inserted] =
      compounds.try_emplace({static_cast<int>(kind), {lhs, rhs}}, symbols.size());
  if (inserted) {
    unsigned depth = 1 + std::max(depthOf(lhs), depthOf(rhs));
    if (depth > kMaxDepth)
      overflowed = true;
    bool fromData = dependsOnData(lhs) || dependsOnData(rhs);
    symbols.push_back({kind, "", {}, lhs, rhs, std::nullopt, fromData, depth});
  }
  SizeExpr result;
  result.terms.push_back({1, {entry->second}});
  return result;
}

SizeExpr SizeContext::add(const SizeExpr &lhs, const SizeExpr &rhs) {
  SizeExpr sum = lhs;
  sum.terms.append(rhs.terms.begin(), rhs.terms.end());
  return normalized(std::move(sum));
}

SizeExpr SizeContext::sub(const SizeExpr &lhs, const SizeExpr &rhs) {
  return add(lhs, mul(rhs, SizeExpr(-1)));
}

SizeExpr SizeContext::mul(const SizeExpr &lhs, const SizeExpr &rhs) {
  SizeExpr product;
  if (lhs.terms.size() * rhs.terms.size() > kMaxTerms) {
    overflowed = true;
    return product;
  }
  for (const Term &left : lhs.terms)
    for (const Term &right : rhs.terms) {
      Term term{checked(llvm::checkedMul(left.factor, right.factor)), left.symbols};
      llvm::append_range(term.symbols, right.symbols);
      llvm::sort(term.symbols);
      if (term.symbols.size() > kMaxDegree)
        overflowed = true;
      product.terms.push_back(std::move(term));
    }
  return normalized(std::move(product));
}

SizeExpr SizeContext::product(llvm::ArrayRef<SizeExpr> factors) {
  SizeExpr result = 1;
  for (const SizeExpr &factor : factors)
    result = mul(result, factor);
  return result;
}

std::optional<SizeExpr> SizeContext::divideExactly(const SizeExpr &lhs, const SizeExpr &rhs) {
  if (rhs.terms.empty())
    return std::nullopt;
  SizeExpr rest = lhs, quotient;
  const Term &lead = rhs.terms.front();
  while (!rest.terms.empty()) {
    const Term &top = rest.terms.front();
    if (top.factor % lead.factor != 0 || !std::includes(top.symbols.begin(), top.symbols.end(),
                                                        lead.symbols.begin(), lead.symbols.end()))
      return std::nullopt;
    SizeExpr step;
    step.terms.push_back({top.factor / lead.factor, {}});
    std::set_difference(top.symbols.begin(), top.symbols.end(), lead.symbols.begin(),
                        lead.symbols.end(), std::back_inserter(step.terms.front().symbols));
    SizeExpr next = sub(rest, mul(step, rhs));
    quotient = add(quotient, step);
    if (overflowed || quotient.terms.size() > kMaxTerms)
      return std::nullopt;
    rest = std::move(next);
  }
  return quotient;
}

/// The expression without its constant term, and that term.
static std::pair<SizeExpr, int64_t> splitConstant(const SizeExpr &expr) {
  SizeExpr rest = expr;
  if (rest.terms.empty() || !rest.terms.back().symbols.empty())
    return {rest, 0};
  int64_t value = rest.terms.back().factor;
  rest.terms.pop_back();
  return {rest, value};
}

void SizeContext::assume(const SizeExpr &expr, int64_t bound) {
  auto [rest, value] = splitConstant(expr);
  if (rest.terms.empty())
    return;
  int64_t shifted = checked(llvm::checkedSub(bound, value));
  auto [entry, inserted] = facts.try_emplace(rest, shifted);
  entry->second = std::max(entry->second, shifted);
  bounds.clear();
}

std::optional<int64_t> SizeContext::least(const SizeExpr &expr) const {
  unsigned effort = kMaxEffort;
  return leastWithin(expr, effort);
}

std::optional<int64_t> SizeContext::leastWithin(const SizeExpr &expr, unsigned &effort) const {
  std::optional<int64_t> bound = leastOfTerms(expr, effort);
  auto [rest, value] = splitConstant(expr);
  if (auto fact = facts.find(rest); fact != facts.end()) {
    int64_t known = fact->second + value;
    bound = bound ? std::max(*bound, known) : known;
  }
  return bound;
}

/// The bound of a quotient, minimum or maximum.
std::optional<int64_t> SizeContext::leastOfOperation(const Symbol &symbol, unsigned &effort) const {
  std::optional<int64_t> left = leastWithin(symbol.lhs, effort);
  std::optional<int64_t> right = leastWithin(symbol.rhs, effort);
  if (symbol.kind == Kind::Max)
    return left && right ? std::max(*left, *right) : left ? left : right;
  if (!left || !right)
    return std::nullopt;
  if (symbol.kind == Kind::Min)
    return std::min(*left, *right);
  if (auto divisor = symbol.rhs.constant(); divisor && *divisor > 0)
    return llvm::divideFloorSigned(*left, *divisor);
  return *left >= 0 && *right >= 0 ? std::optional<int64_t>(0) : std::nullopt;
}

std::optional<int64_t> SizeContext::leastOfSymbol(unsigned number, unsigned &effort) const {
  if (auto known = bounds.find(number); known != bounds.end())
    return known->second;
  if (effort == 0)
    return std::nullopt;
  --effort;
  const Symbol &symbol = symbols[number];
  bool given = symbol.kind == Kind::Named || symbol.kind == Kind::Value;
  std::optional<int64_t> low = given ? symbol.least : leastOfOperation(symbol, effort);
  SizeExpr single;
  single.terms.push_back({1, {number}});
  if (auto fact = facts.find(single); fact != facts.end())
    low = low ? std::max(*low, fact->second) : fact->second;
  // Without effort left, part of it may not have been looked at.
  if (effort != 0)
    bounds[number] = low;
  return low;
}

std::optional<int64_t> SizeContext::leastOfTerms(const SizeExpr &expr, unsigned &effort) const {
  int64_t bound = 0;
  for (const Term &term : expr.terms) {
    std::optional<int64_t> value = term.factor;
    if (!term.symbols.empty() && term.factor < 0)
      return std::nullopt;
    for (unsigned number : term.symbols) {
      std::optional<int64_t> low = leastOfSymbol(number, effort);
      if (!low || *low < 0)
        return std::nullopt;
      value = value ? llvm::checkedMul(*value, *low) : value;
    }
    value = value ? llvm::checkedAdd(bound, *value) : value;
    if (!value)
      return std::nullopt;
    bound = *value;
  }
  return bound;
}

bool SizeContext::dependsOnData(const SizeExpr &expr) const {
  return llvm::any_of(expr.terms, [&](const Term &term) {
    return llvm::any_of(term.symbols, [&](unsigned number) { return symbols[number].fromData; });
  });
}

unsigned SizeContext::depthOf(const SizeExpr &expr) const {
  unsigned depth = 0;
  for (const Term &term : expr.terms)
    for (unsigned number : term.symbols)
      depth = std::max(depth, symbols[number].depth);
  return depth;
}

SizeExpr SizeContext::floorDiv(const SizeExpr &lhs, const SizeExpr &rhs) {
  auto left = lhs.constant(), right = rhs.constant();
  if (right == 0) {
    overflowed = true;
    return 0;
  }
  if (left && right)
    return llvm::divideFloorSigned(*left, *right);
  if (right == 1)
    return lhs;
  if (std::optional<SizeExpr> exact = divideExactly(lhs, rhs))
    return *exact;
  if (!right || *right < 0)
    return compound(Kind::FloorDiv, lhs, rhs);
  // Terms that the divisor divides leave the quotient; the rest keeps its constant below it.
  SizeExpr whole, rest;
  for (const Term &term : lhs.terms) {
    int64_t quotient = llvm::divideFloorSigned(term.factor, *right);
    bool divides = term.factor % *right == 0;
    Term kept = term;
    if (term.symbols.empty() || divides) {
      whole.terms.push_back({quotient, term.symbols});
      kept.factor = term.factor - quotient * *right;
    }
    if (kept.factor != 0)
      rest.terms.push_back(kept);
  }
  whole = normalized(std::move(whole));
  rest = normalized(std::move(rest));
  if (auto value = rest.constant())
    return add(whole, llvm::divideFloorSigned(*value, *right));
  return add(whole, compound(Kind::FloorDiv, rest, rhs));
}

SizeExpr SizeContext::ceilDiv(const SizeExpr &lhs, const SizeExpr &rhs) {
  return floorDiv(sub(add(lhs, rhs), 1), rhs);
}

SizeExpr SizeContext::mod(const SizeExpr &lhs, const SizeExpr &rhs) {
  if (rhs.constant() == 0) {
    overflowed = true;
    return 0;
  }
  return sub(lhs, mul(rhs, floorDiv(lhs, rhs)));
}

SizeExpr SizeContext::minOrMax(Kind kind, const SizeExpr &lhs, const SizeExpr &rhs) {
  for (auto [high, low] : {std::tie(lhs, rhs), std::tie(rhs, lhs)})
    if (auto apart = least(sub(high, low)); apart && *apart >= 0)
      return kind == Kind::Max ? high : low;
  return rhs < lhs ? compound(kind, rhs, lhs) : compound(kind, lhs, rhs);
}

SizeExpr SizeContext::min(const SizeExpr &lhs, const SizeExpr &rhs) {
  return minOrMax(Kind::Min, lhs, rhs);
}

SizeExpr SizeContext::max(const SizeExpr &lhs, const SizeExpr &rhs) {
  return minOrMax(Kind::Max, lhs, rhs);
}
