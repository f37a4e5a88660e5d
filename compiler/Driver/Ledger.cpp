//===- Ledger.cpp - how each operation is computed ------------------------===//
//
// From attributes to JSON, and what readers ask of it.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Driver/Ledger.h"

#include "compiler/Driver/UserPasses.h"

#include "mlir/IR/BuiltinAttributes.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using namespace fovea;

static llvm::json::Value toJson(Attribute attr) {
  if (auto text = dyn_cast<StringAttr>(attr))
    return text.getValue();
  if (auto flag = dyn_cast<BoolAttr>(attr))
    return flag.getValue();
  if (auto number = dyn_cast<IntegerAttr>(attr))
    return number.getInt();
  if (auto list = dyn_cast<ArrayAttr>(attr)) {
    llvm::json::Array values;
    for (Attribute item : list)
      values.push_back(toJson(item));
    return values;
  }
  llvm::json::Object object;
  if (auto dict = dyn_cast<DictionaryAttr>(attr))
    for (NamedAttribute item : dict)
      object[item.getName().getValue()] = toJson(item.getValue());
  return object;
}

std::string fovea::makeLedger(ModuleOp module, ArrayRef<RoundedWeight> rounded,
                              ArrayRef<std::string> notes) {
  auto records = module->getAttrOfType<ArrayAttr>("fovea.ledger");
  llvm::json::Value json = records ? toJson(records) : llvm::json::Value(llvm::json::Array());
  llvm::json::Object ledger{{"format", 1}, {"kernels", std::move(json)}};
  if (auto passes = module->getAttrOfType<ArrayAttr>(kUserPassesAttr))
    ledger["passes"] = toJson(passes);
  llvm::json::Array weights;
  for (const RoundedWeight &weight : rounded)
    weights.push_back(llvm::json::Object{{"weight", llvm::json::fixUTF8(weight.name)},
                                         {"channels", weight.channels},
                                         {"largest_error", weight.largestError},
                                         {"rms_error", weight.rmsError}});
  if (!weights.empty())
    ledger["rounded"] = std::move(weights);
  llvm::json::Array sentences;
  for (const std::string &note : notes)
    sentences.push_back(llvm::json::fixUTF8(note));
  if (!sentences.empty())
    ledger["notes"] = std::move(sentences);
  return llvm::formatv("{0}", llvm::json::Value(std::move(ledger))).str();
}

/// The list `key` of a ledger.
static llvm::json::Array listOf(StringRef ledger, StringRef key) {
  llvm::Expected<llvm::json::Value> parsed = llvm::json::parse(ledger);
  if (!parsed) {
    llvm::consumeError(parsed.takeError());
    return {};
  }
  const llvm::json::Object *object = parsed->getAsObject();
  const llvm::json::Array *list = object ? object->getArray(key) : nullptr;
  return list ? *list : llvm::json::Array();
}

/// The objects of the list `key` of a ledger.
static std::vector<llvm::json::Object> recordsOf(StringRef ledger, StringRef key) {
  std::vector<llvm::json::Object> records;
  for (const llvm::json::Value &value : listOf(ledger, key))
    if (const llvm::json::Object *record = value.getAsObject())
      records.push_back(*record);
  return records;
}

std::vector<llvm::json::Object> fovea::ledgerRecords(StringRef ledger) {
  return recordsOf(ledger, "kernels");
}

std::vector<llvm::json::Object> fovea::userPassRecords(StringRef ledger) {
  return recordsOf(ledger, "passes");
}

std::vector<std::string> fovea::ledgerNotes(StringRef ledger) {
  std::vector<std::string> notes;
  for (const llvm::json::Value &note : listOf(ledger, "notes"))
    notes.push_back(note.getAsString().value_or("").str());
  return notes;
}

std::vector<llvm::json::Object> fovea::roundedRecords(StringRef ledger) {
  return recordsOf(ledger, "rounded");
}

/// The first of the forms refused that was wanted: those that do not follow a schedule were not,
/// and another one does no worse than a special form.
static const llvm::json::Object *firstUnable(const llvm::json::Array *refused) {
  if (!refused)
    return nullptr;
  for (const llvm::json::Value &value : *refused)
    if (const llvm::json::Object *entry = value.getAsObject();
        entry && entry->getString("reason") != "schedule" && !entry->getBoolean("special"))
      return entry;
  return nullptr;
}

Problems fovea::findUnfused(StringRef ledger) {
  Problems problems;
  auto text = [](const llvm::json::Object &object, StringRef key) {
    return object.getString(key).value_or("").str();
  };
  for (const llvm::json::Object &record : ledgerRecords(ledger)) {
    const llvm::json::Object *first = firstUnable(record.getArray("refused"));
    if (first)
      problems.push_back({"FV0401", "", text(record, "node"), text(record, "op"), 0,
                          "the form " + text(*first, "form") + " was refused", text(*first, "text"),
                          "drop --require-fused to accept the form " + text(record, "form")});
  }
  return problems;
}
