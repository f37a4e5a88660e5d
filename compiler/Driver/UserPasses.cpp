//===- UserPasses.cpp - pipelines that a user puts behind phases ----------===//
//
// Runs them under observation: what ran, whose it is, and which pass failed.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Driver/UserPasses.h"

#include "compiler/Driver/FirstError.h"
#include "dialects/Fovea/FoveaDialect.h"

#include "mlir/IR/Verifier.h"
#include "mlir/Pass/PassInstrumentation.h"
#include "llvm/ADT/ScopeExit.h"

using namespace mlir;
using namespace fovea;

namespace {

/// One pass by name, and on how many operations it ran.
struct Ran {
  std::string pass, plugin;
  int64_t runs = 0;
};

/// Counts the runs of passes and remembers the one that failed.
class Observer : public PassInstrumentation {
public:
  Observer(ArrayRef<PassLibrary> libraries, std::vector<Ran> &ran, std::string &failed)
      : libraries(libraries), ran(ran), failed(failed) {}

  void runBeforePass(Pass *pass, Operation *) override {
    if (isNesting(*pass))
      return;
    auto found = llvm::find_if(ran, [&](const Ran &one) { return one.pass == nameOf(*pass); });
    if (found == ran.end()) {
      auto owner = llvm::find_if(libraries, [&](auto &library) { return library.owns(*pass); });
      ran.push_back({nameOf(*pass).str(), owner == libraries.end() ? "" : owner->file});
      found = std::prev(ran.end());
    }
    ++found->runs;
  }

  void runAfterPassFailed(Pass *pass, Operation *) override {
    if (failed.empty() && !isNesting(*pass))
      failed = nameOf(*pass).str();
  }

private:
  /// What MLIR puts around passes on nested operations.
  static bool isNesting(const Pass &pass) { return pass.getName().ends_with("OpToOpPassAdaptor"); }
  static StringRef nameOf(const Pass &pass) {
    return pass.getArgument().empty() ? pass.getName() : pass.getArgument();
  }

  ArrayRef<PassLibrary> libraries;
  std::vector<Ran> &ran;
  std::string &failed;
};

} // namespace

static std::string describe(const UserPipeline &pipeline) {
  return "pipeline '" + pipeline.text + "' after " + nameOf(pipeline.phase).str();
}

bool UserPasses::prepare(const UserPassOptions &options, Problems &problems) {
  llvm::scope_exit idle([&] { busy.clear(); });
  if (!options.plugins.empty() && options.pipelines.empty()) {
    problems.push_back({"FV0332", options.plugins.front(), "", "", 0,
                        "the pass plug-in would not be used", "no pipeline names its passes",
                        "after=PHASE:PASSES"});
    return false;
  }
  for (const std::string &file : options.plugins) {
    busy = "pass plug-in '" + file + "'";
    if (std::optional<Problem> problem = loadPassPlugin(file, libraries.emplace_back())) {
      problems.push_back(std::move(*problem));
      return false;
    }
  }
  for (const UserPipeline &given : options.pipelines) {
    busy = describe(given);
    llvm::Expected<OpPassManager> passes = parsePipeline(given.text);
    if (!passes) {
      problems.push_back(
          {"FV0332", "", "", "", 0, "the " + describe(given) + " cannot be read",
           llvm::toString(passes.takeError()),
           "fovea-opt --list-passes names the passes of Fovea and MLIR, those of "
           "others need pass-plugin=FILE; passes on functions stand in func.func()"});
      return false;
    }
    pipelines.push_back({given, std::move(*passes)});
  }
  return true;
}

bool UserPasses::hasAny(Phase phase) const {
  return llvm::any_of(pipelines, [&](const Parsed &one) { return one.given.phase == phase; });
}

bool UserPasses::run(Phase phase, ModuleOp module, Problems &problems) {
  for (const Parsed &pipeline : pipelines)
    if (pipeline.given.phase == phase && !runOne(pipeline, module, problems))
      return false;
  return true;
}

/// Adds one pipeline to the module's record.
static void record(ModuleOp module, const UserPipeline &pipeline, ArrayRef<Ran> ran,
                   ArrayRef<std::string> remarks) {
  Builder builder(module.getContext());
  auto text = [&](StringRef key, StringRef value) {
    return builder.getNamedAttr(key, builder.getStringAttr(value));
  };
  SmallVector<Attribute> passes, said;
  for (const Ran &one : ran) {
    SmallVector<NamedAttribute> fields = {
        text("pass", one.pass), builder.getNamedAttr("runs", builder.getI64IntegerAttr(one.runs))};
    if (!one.plugin.empty())
      fields.push_back(text("plugin", one.plugin));
    passes.push_back(builder.getDictionaryAttr(fields));
  }
  for (const std::string &remark : remarks)
    said.push_back(builder.getStringAttr(remark));
  SmallVector<Attribute> all;
  if (auto before = module->getAttrOfType<ArrayAttr>(kUserPassesAttr))
    all.append(before.begin(), before.end());
  all.push_back(builder.getDictionaryAttr(
      {text("after", nameOf(pipeline.phase)), text("pipeline", pipeline.text),
       builder.getNamedAttr("ran", builder.getArrayAttr(passes)),
       builder.getNamedAttr("remarks", builder.getArrayAttr(said))}));
  module->setAttr(kUserPassesAttr, builder.getArrayAttr(all));
}

/// An error and its notes on one line that can be read.
static std::string complaintOf(const FirstError &error) {
  static constexpr size_t most = 400;
  std::string text = error.text + (error.notes.empty() ? "" : "; " + error.notes);
  std::replace(text.begin(), text.end(), '\n', ' ');
  if (text.size() > most)
    text = text.substr(0, most) + " ...";
  return text.empty() ? "it says nothing" : text;
}

/// Names of the functions that a run can call.
static std::vector<std::string> entriesOf(ModuleOp module) {
  std::vector<std::string> names;
  for (Operation &op : module.getOps())
    if (auto name = op.getAttrOfType<StringAttr>(SymbolTable::getSymbolAttrName());
        name && op.hasAttr(kEntryAttr))
      names.push_back(name.str());
  return names;
}

bool UserPasses::runOne(const Parsed &pipeline, ModuleOp module, Problems &problems) {
  busy = describe(pipeline.given);
  llvm::scope_exit idle([&] { busy.clear(); });
  std::vector<Ran> ran;
  std::string failing;
  MLIRContext &context = *module.getContext();
  FirstError error(&context);
  // A whole function behind an error helps nobody.
  bool printsOp = context.shouldPrintOpOnDiagnostic();
  context.printOpOnDiagnostic(false);
  llvm::scope_exit restore([&] { context.printOpOnDiagnostic(printsOp); });
  PassManager manager(&context, ModuleOp::getOperationName());
  static_cast<OpPassManager &>(manager) = pipeline.passes;
  manager.addInstrumentation(std::make_unique<Observer>(libraries, ran, failing));
  manager.enableVerifier(true);
  auto refuse = [&](StringRef code, const Twine &what, const Twine &why, const Twine &remedy) {
    problems.push_back({code.str(), "", "", "", 0, what.str(), why.str(), remedy.str()});
    return false;
  };
  std::string where = "the " + busy;
  std::vector<std::string> entries = entriesOf(module);
  if (failed(manager.run(module))) {
    auto one = llvm::find_if(ran, [&](const Ran &candidate) { return candidate.pass == failing; });
    std::string plugin = one == ran.end() || one->plugin.empty() ? "" : " of " + one->plugin;
    bool broken = failed(verify(module));
    return refuse(broken ? "FV0335" : "FV0334",
                  "pass '" + failing + "'" + plugin +
                      (broken ? " leaves a wrong module" : " failed") + " in " + where,
                  complaintOf(error),
                  "mend the pass; dump=DIR shows the module before it, fovea-opt runs it alone");
  }
  if (ran.empty())
    return refuse("FV0336", where + " ran on nothing",
                  "the module has none of the operations that it is for",
                  "stop-after=" + nameOf(pipeline.given.phase) + " shows the operations");
  if (entriesOf(module) != entries)
    return refuse("FV0335", where + " leaves a wrong module",
                  "the functions with fovea.entry are not those of the model",
                  "keep the attribute and the names of these functions");
  record(module, pipeline.given, ran, error.remarks);
  return true;
}

std::optional<Problem> fovea::checkReached(const UserPassOptions &options, ArrayRef<Phase> reached,
                                           StringRef why) {
  for (const UserPipeline &pipeline : options.pipelines)
    if (!llvm::is_contained(reached, pipeline.phase))
      return Problem{"FV0333",  "",
                     "",        "",
                     0,         "the " + describe(pipeline) + " would not run",
                     why.str(), "name a phase that the compilation goes through"};
  return std::nullopt;
}
