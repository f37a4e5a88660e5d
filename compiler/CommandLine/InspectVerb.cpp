//===- InspectVerb.cpp - fovea inspect ------------------------------------===//
//
// Describes an artefact's file, or a model as it leaves import.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/CommandLine/Build.h"
#include "compiler/CommandLine/TextTable.h"
#include "compiler/CommandLine/Verbs.h"
#include "compiler/Driver/Ledger.h"
#include "compiler/Frontends/Mlir/EntrySignatures.h"
#include "runtime/Artifact/Manifest.h"
#include "runtime/Artifact/Reader.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/raw_ostream.h"

#include <map>

using namespace fovea;
using namespace fovea::cli;

static llvm::Error toError(const std::string &path, const fvm::Status &status) {
  return failure(kInput, path + ": " + std::string(status.message()));
}

static std::string textOf(const fvm::TensorInfo &info, const fvm::Entry &entry) {
  TensorSignature tensor;
  tensor.dtype = *dtypeNamed(fvm::dtypeName(info.dtype));
  for (const fvm::Dim &dim : info.shape) {
    tensor.shape.push_back(dim.kind == fvm::Dim::Kind::Static ? dim.value : -1);
    tensor.symbols.push_back(dim.kind == fvm::Dim::Kind::Symbol ? entry.symbols[dim.value] : "");
  }
  return tensor.text();
}

static void print(const fvm::Manifest &manifest) {
  llvm::outs() << "made by   " << manifest.producer << "\ntarget    " << manifest.target.triple
               << ", " << manifest.target.cpu << "\nfeatures  "
               << llvm::join(manifest.target.features, " ") << "\nthreads   "
               << (manifest.threadsHint ? std::to_string(manifest.threadsHint) : "no preference")
               << "\nscratch   " << manifest.scratchBytes << " bytes a thread\n";
  for (const fvm::Entry &entry : manifest.entries) {
    llvm::outs() << "entry     " << entry.name << "\n";
    for (const fvm::TensorInfo &info : entry.inputs)
      llvm::outs() << "  in      " << info.name << ": " << textOf(info, entry)
                   << (info.readBy == fvm::Reader::Target ? "" : ", in the host's memory") << "\n";
    for (const fvm::TensorInfo &info : entry.outputs)
      llvm::outs() << "  out     " << info.name << ": " << textOf(info, entry) << "\n";
  }
}

static llvm::Expected<Exit> inspectArtifact(const Invocation &invocation) {
  fvm::Artifact artifact;
  if (fvm::Status status = fvm::Artifact::open(invocation.input.c_str(), artifact); !status.ok())
    return toError(invocation.input, status);
  std::string json;
  fvm::Manifest manifest;
  const fvm::SectionRecord *section = artifact.find(fvm::SectionKind::Manifest);
  if (!section)
    return failure(kInput, invocation.input + ": there is no manifest");
  if (fvm::Status status = artifact.copyText(*section, json); !status.ok())
    return toError(invocation.input, status);
  if (fvm::Status status = fvm::readManifest(json, manifest); !status.ok())
    return toError(invocation.input, status);
  std::string ledger;
  if (const fvm::SectionRecord *record = artifact.find(fvm::SectionKind::Ledger);
      record && artifact.check(*record).ok())
    if (fvm::Status status = artifact.copyText(*record, ledger); !status.ok())
      return toError(invocation.input, status);
  const std::vector<std::string> notes = ledgerNotes(ledger);
  TextTable table({"section", "offset", "bytes", "SHA-256", "content"});
  llvm::json::Array list;
  for (const fvm::SectionRecord &record : artifact.sections()) {
    bool sound = artifact.check(record).ok();
    std::string hash = llvm::toHex(record.hash, /*LowerCase=*/true);
    table.add({fvm::sectionName(record), std::to_string(record.offset), std::to_string(record.size),
               hash.substr(0, 16), sound ? "sound" : "DAMAGED"});
    list.push_back(llvm::json::Object{{"section", fvm::sectionName(record)},
                                      {"offset", record.offset},
                                      {"bytes", record.size},
                                      {"sha256", hash},
                                      {"sound", sound}});
  }
  if (!invocation.json) {
    llvm::outs() << "file      " << invocation.input << ", format " << fvm::formatVersion << "\n";
    print(manifest);
    for (const std::string &note : notes)
      llvm::outs() << "note      " << note << "\n";
    table.print();
  }
  llvm::Expected<llvm::json::Value> parsed = llvm::json::parse(json);
  if (!parsed)
    return failure(kInput, invocation.input, parsed.takeError());
  llvm::json::Object result{{"file", invocation.input},
                            {"format", fvm::formatVersion},
                            {"manifest", std::move(*parsed)},
                            {"sections", std::move(list)}};
  if (!notes.empty())
    result["notes"] = llvm::json::Array(notes);
  if (llvm::Error error = invocation.report(std::move(result)))
    return error;
  return kOk;
}

static llvm::json::Array toJson(llvm::StringRef kind, llvm::ArrayRef<TensorSignature> tensors,
                                bool print) {
  llvm::json::Array list;
  for (const TensorSignature &tensor : tensors) {
    if (print)
      llvm::outs() << "  " << kind << tensor.name << ": " << tensor.text() << "\n";
    list.push_back(llvm::json::Object{{"name", tensor.name}, {"type", tensor.text()}});
  }
  return list;
}

static llvm::Expected<Exit> inspectSource(const Invocation &invocation) {
  Build build(invocation);
  if (llvm::Error error = build.read())
    return error;
  mlir::ModuleOp module = build.imported();
  Phase phase = *phaseOf(module);
  bool print = !invocation.json;
  if (print)
    llvm::outs() << "file      " << invocation.input << "\nkind      "
                 << build.compilation().summary().text << "\nphase     " << nameOf(phase)
                 << "\nweights   " << build.compilation().summary().weightBytes << " bytes\n";
  llvm::json::Array entries;
  // Later phases leave entries without a signature.
  for (mlir::func::FuncOp function : entriesOf(module)) {
    if (phase > Phase::Graph)
      break;
    llvm::Expected<Signature> signature = signatureOf(module, function.getSymName().str());
    if (!signature)
      return signature.takeError();
    if (print)
      llvm::outs() << "entry     " << signature->entry << "\n";
    llvm::json::Object entry{{"name", signature->entry}};
    entry["inputs"] = toJson("in      ", signature->inputs, print);
    entry["outputs"] = toJson("out     ", signature->outputs, print);
    entries.push_back(std::move(entry));
  }
  std::map<std::string, int64_t> counts;
  module.walk([&](mlir::Operation *op) { ++counts[op->getName().getStringRef().str()]; });
  llvm::json::Object operations;
  for (const auto &[name, count] : counts) {
    operations[name] = count;
    if (print && (phase > Phase::Graph || llvm::StringRef(name).starts_with("fovea.")))
      llvm::outs() << llvm::format_decimal(count, 8) << "  " << name << "\n";
  }
  llvm::json::Object result{
      {"file", invocation.input},      {"kind", build.compilation().summary().text},
      {"phase", nameOf(phase)},        {"weight_bytes", build.compilation().summary().weightBytes},
      {"entries", std::move(entries)}, {"operations", std::move(operations)}};
  if (llvm::Error error = invocation.report(std::move(result)))
    return error;
  return kOk;
}

llvm::Expected<Exit> cli::inspectModel(const Invocation &invocation) {
  return invocation.isArtifact() ? inspectArtifact(invocation) : inspectSource(invocation);
}
