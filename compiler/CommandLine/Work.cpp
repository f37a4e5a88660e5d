//===- Work.cpp - operations of a run --------------------------------------===//
//
// A formula is a number, a symbol's name or [operator, operand, ...].
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/CommandLine/Work.h"

#include "compiler/CommandLine/Build.h"

#include <cmath>

using namespace fovea;
using namespace fovea::cli;

Symbols cli::symbolsOf(const Signature &signature, llvm::ArrayRef<Tensor> inputs) {
  Symbols symbols;
  for (auto [declared, tensor] : llvm::zip(signature.inputs, inputs))
    for (auto [symbol, size] : llvm::zip(declared.symbols, tensor.shape()))
      if (!symbol.empty())
        symbols[symbol] = double(size);
  return symbols;
}

static std::optional<double> apply(llvm::StringRef op, double a, double b) {
  if (op == "+")
    return a + b;
  if (op == "-")
    return a - b;
  if (op == "*")
    return a * b;
  if (op == "min")
    return std::min(a, b);
  if (op == "max")
    return std::max(a, b);
  if (b <= 0)
    return std::nullopt;
  if (op == "floordiv")
    return std::floor(a / b);
  if (op == "ceildiv")
    return std::ceil(a / b);
  if (op == "mod")
    return a - b * std::floor(a / b);
  return std::nullopt;
}

std::optional<double> cli::evaluateFormula(const llvm::json::Value &formula,
                                           const Symbols &symbols) {
  if (std::optional<double> number = formula.getAsNumber())
    return number;
  if (auto name = formula.getAsString()) {
    auto found = symbols.find(*name);
    return found == symbols.end() ? std::nullopt : std::optional(found->second);
  }
  const llvm::json::Array *list = formula.getAsArray();
  if (!list || list->size() < 3 || !list->front().getAsString())
    return std::nullopt;
  std::optional<double> value = evaluateFormula((*list)[1], symbols);
  for (size_t index = 2; value && index < list->size(); ++index) {
    std::optional<double> next = evaluateFormula((*list)[index], symbols);
    value = next ? apply(*list->front().getAsString(), *value, *next) : std::nullopt;
  }
  return value;
}

std::optional<double> cli::flopsOf(llvm::StringRef ledger, const Symbols &symbols) {
  double total = 0;
  for (const llvm::json::Object &record : ledgerRecords(ledger)) {
    llvm::StringRef op = record.getString("op").value_or("");
    if (op != "fovea.contract" && op != "fovea.gates" && op != "fovea.attention")
      continue;
    const llvm::json::Value *formula = record.get("flops");
    std::optional<double> flops = formula ? evaluateFormula(*formula, symbols) : std::nullopt;
    if (!flops || record.getBoolean("conditional").value_or(false))
      return std::nullopt;
    total += *flops;
  }
  return total;
}

std::optional<double> cli::weightBytesOf(llvm::StringRef ledger) {
  double total = 0;
  for (const llvm::json::Object &record : ledgerRecords(ledger)) {
    std::optional<double> bytes = record.getNumber("weight_bytes");
    if (bytes && record.getBoolean("conditional").value_or(false))
      return std::nullopt;
    total += bytes.value_or(0);
  }
  return total;
}
