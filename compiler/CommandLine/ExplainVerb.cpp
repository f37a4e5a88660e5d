//===- ExplainVerb.cpp - fovea explain ------------------------------------===//
//
// Prints the fusion ledger: how each operation is computed, and which better forms were refused.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/CommandLine/Build.h"
#include "compiler/CommandLine/Verbs.h"
#include "runtime/Artifact/Reader.h"

#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/raw_ostream.h"

#include <map>

using namespace fovea;
using namespace fovea::cli;
using llvm::StringRef;

static StringRef textOf(const llvm::json::Object &record, StringRef key) {
  return record.getString(key).value_or("");
}

/// Operations whose form matters to a reader; others are only counted.
static bool isNamed(const llvm::json::Object &record) {
  StringRef op = textOf(record, "op");
  for (StringRef part : {"attention", "rnn", "lstm", "gru", "contract", "recurrence"})
    if (op.contains(part))
      return true;
  const llvm::json::Array *refused = record.getArray("refused");
  return refused && !refused->empty();
}

/// What the operation's schedule asked for: ", as scheduled: form = row_attention, tiles = [6,4]".
static std::string scheduleText(const llvm::json::Object &record) {
  const llvm::json::Object *schedule = record.getObject("schedule");
  if (!schedule)
    return "";
  std::string text;
  llvm::raw_string_ostream stream(text);
  for (StringRef key : {"form", "tiles", "kv_split"})
    if (const llvm::json::Value *value = schedule->get(key)) {
      stream << (text.empty() ? ", as scheduled: " : ", ") << key << " = ";
      if (std::optional<StringRef> name = value->getAsString())
        stream << *name;
      else
        stream << *value;
    }
  return text;
}

static void print(const llvm::json::Object &record) {
  StringRef node = textOf(record, "node");
  llvm::outs() << (node.empty() ? textOf(record, "kernel") : node) << ": " << textOf(record, "op")
               << " by " << textOf(record, "form");
  if (std::optional<int64_t> parts = record.getInteger("key_parts"))
    llvm::outs() << " on " << *parts << " parts of the keys";
  if (std::optional<int64_t> parts = record.getInteger("depth_parts"))
    llvm::outs() << " on " << *parts << " parts of the depth";
  if (StringRef queries = textOf(record, "queries"); !queries.empty())
    llvm::outs() << " for " << queries;
  llvm::outs() << scheduleText(record);
  if (StringRef rounds = textOf(record, "rounds"); !rounds.empty())
    llvm::outs() << ", its " << rounds << " rounded to "
                 << (rounds == "operands" ? "tf32" : "the values' type");
  llvm::outs() << "\n";
  const llvm::json::Array *refused = record.getArray("refused");
  for (const llvm::json::Value &value : refused ? *refused : llvm::json::Array()) {
    const llvm::json::Object *entry = value.getAsObject();
    if (!entry)
      continue;
    llvm::outs() << "    not " << textOf(*entry, "form") << ": " << textOf(*entry, "text") << " ["
                 << textOf(*entry, "reason") << "]\n";
  }
}

/// One pipeline of the user: its passes, whose they are, and what they remarked.
static void printPasses(const llvm::json::Object &record) {
  llvm::outs() << "after " << textOf(record, "after") << ": " << textOf(record, "pipeline") << "\n";
  if (const llvm::json::Array *ran = record.getArray("ran"))
    for (const llvm::json::Value &value : *ran) {
      const llvm::json::Object *pass = value.getAsObject();
      if (!pass)
        continue;
      StringRef plugin = textOf(*pass, "plugin");
      llvm::outs() << "    " << textOf(*pass, "pass") << (plugin.empty() ? "" : " of ") << plugin
                   << ", on operations: " << pass->getInteger("runs").value_or(0) << "\n";
    }
  if (const llvm::json::Array *remarks = record.getArray("remarks"))
    for (const llvm::json::Value &remark : *remarks)
      llvm::outs() << "    remark: " << remark.getAsString().value_or("") << "\n";
}

static void printRounded(const llvm::json::Object &record) {
  llvm::outs() << textOf(record, "weight")
               << llvm::formatv(" in i8: {0} scales, largest error {1:f3} % of its channel's "
                                "largest, RMS {2:f3} %\n",
                                record.getInteger("channels").value_or(0),
                                100 * record.getNumber("largest_error").value_or(0),
                                100 * record.getNumber("rms_error").value_or(0));
}

static llvm::json::Array listOf(std::vector<llvm::json::Object> records) {
  llvm::json::Array list;
  for (llvm::json::Object &record : records)
    list.push_back(std::move(record));
  return list;
}

/// What a ledger's records say, with lists that have something in them.
static llvm::json::Object toJson(std::vector<llvm::json::Object> kernels,
                                 std::vector<llvm::json::Object> passes,
                                 std::vector<llvm::json::Object> rounded) {
  llvm::json::Object result{{"format", 1}, {"kernels", listOf(std::move(kernels))}};
  if (!passes.empty())
    result["passes"] = listOf(std::move(passes));
  if (!rounded.empty())
    result["rounded"] = listOf(std::move(rounded));
  return result;
}

/// Of an artefact, which is not loaded: its processor or device may be none of this machine.
static llvm::Error readLedger(const std::string &path, std::string &ledger) {
  fvm::Artifact artifact;
  fvm::Status status = fvm::Artifact::open(path.c_str(), artifact);
  if (status.ok())
    status = fvm::readLedger(artifact, ledger);
  if (status.ok())
    return llvm::Error::success();
  std::string said(status.message());
  return failure(kInput, StringRef(said).contains(path) ? said : path + ": " + said);
}

llvm::Expected<Exit> cli::explainModel(const Invocation &invocation) {
  std::string ledger;
  if (invocation.isArtifact()) {
    if (llvm::Error error = readLedger(invocation.input, ledger))
      return error;
    if (llvm::Error error = checkLedger(invocation, ledger))
      return error;
  } else {
    if (llvm::Error error = requireArtifact(invocation))
      return error;
    Build build(invocation);
    if (llvm::Error error = build.read())
      return error;
    if (llvm::Error error = build.finish())
      return error;
    ledger = build.artifact().ledger;
  }
  std::vector<llvm::json::Object> records = ledgerRecords(ledger);
  std::vector<llvm::json::Object> passes = userPassRecords(ledger);
  std::vector<llvm::json::Object> rounded = roundedRecords(ledger);
  std::map<std::string, int> others;
  if (!invocation.json) {
    for (const llvm::json::Object &record : passes)
      printPasses(record);
    for (const llvm::json::Object &record : records) {
      if (invocation.everyKernel || isNamed(record))
        print(record);
      else
        ++others[(textOf(record, "op") + " by " + textOf(record, "form")).str()];
    }
    for (const auto &[what, count] : others)
      llvm::outs() << count << " x " << what << "\n";
    for (const llvm::json::Object &record : rounded)
      printRounded(record);
    for (const std::string &note : ledgerNotes(ledger))
      llvm::outs() << "note: " << note << "\n";
    if (records.empty())
      llvm::outs() << "no kernels\n";
  }
  llvm::json::Object result = toJson(std::move(records), std::move(passes), std::move(rounded));
  if (std::vector<std::string> notes = ledgerNotes(ledger); !notes.empty())
    result["notes"] = llvm::json::Array(notes);
  if (llvm::Error error = invocation.report(std::move(result)))
    return error;
  return kOk;
}
