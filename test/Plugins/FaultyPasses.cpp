//===- FaultyPasses.cpp - a pass plug-in whose passes go wrong ------------===//
//
// One pass for each way, for test/CommandLine/test_pass_plugin_errors.py. Built under several
// names. them.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/Pass.h"
#include "mlir/Tools/Plugins/PassPlugin.h"

#include <cstdlib>

using namespace mlir;

namespace {
enum Fault { kFail, kFailSilently, kBreak, kBreakEntry, kCrash, kForgetPhase, kRenameInput };

constexpr const char *kNames[] = {
    "faulty-fail",  "faulty-fail-silently", "faulty-break",       "faulty-break-entry",
    "faulty-crash", "faulty-forget-phase",  "faulty-rename-input"};

template <Fault fault> struct FaultyPass : PassWrapper<FaultyPass<fault>, OperationPass<ModuleOp>> {
  static TypeID resolveTypeID() {
    static SelfOwningTypeID id;
    return id;
  }
  FaultyPass() : PassWrapper<FaultyPass<fault>, OperationPass<ModuleOp>>() {}
  StringRef getArgument() const override { return kNames[fault]; }
  StringRef getDescription() const override { return "Go wrong in one way"; }

  void runOnOperation() override {
    ModuleOp module = this->getOperation();
    auto function = *module.getOps<func::FuncOp>().begin();
    OpBuilder builder(module.getContext());
    switch (fault) {
    case kFail:
      function.emitError("does not like this function").attachNote() << "nor any other";
      return this->signalPassFailure();
    case kFailSilently:
      return this->signalPassFailure();
    case kBreak:
      function.getBody().front().getTerminator()->erase();
      return;
    case kBreakEntry:
      function->removeAttr("fovea.entry");
      return;
    case kCrash:
      std::abort();
    case kForgetPhase:
      module->setAttr("fovea.phase", builder.getStringAttr("nowhere"));
      return;
    case kRenameInput:
      function.setArgAttr(0, "fovea.name", builder.getStringAttr("renamed"));
      return;
    }
  }
};
} // namespace

extern "C" LLVM_ATTRIBUTE_WEAK PassPluginLibraryInfo mlirGetPassPluginInfo() {
  return {FAULTY_API_VERSION, FAULTY_NAME, "1", [] {
            PassRegistration<FaultyPass<kFail>>();
            PassRegistration<FaultyPass<kFailSilently>>();
            PassRegistration<FaultyPass<kBreak>>();
            PassRegistration<FaultyPass<kBreakEntry>>();
            PassRegistration<FaultyPass<kCrash>>();
            PassRegistration<FaultyPass<kForgetPhase>>();
            PassRegistration<FaultyPass<kRenameInput>>();
          }};
}
