//===- InlineCalls.cpp - a module of entries without calls ----------------===//
//
// Measures first, since few lines can stand for any number of operations; both walks keep lists of
// their own, since functions may call one another as deep as there are functions.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Frontends/Mlir/InlineCalls.h"

#include "compiler/Frontends/Mlir/EntrySignatures.h"
#include "compiler/Frontends/Mlir/NestingScan.h"
#include "dialects/Fovea/FoveaDialect.h"

#include "mlir/IR/IRMapping.h"
#include "mlir/IR/SymbolTable.h"

using namespace fovea;
using namespace mlir;

/// Operations of all entries. Code of this size takes minutes to compile.
static constexpr int64_t kMaxOperations = 1'000'000;

namespace {
/// A function with the bodies of what it calls: operations, up to one more than the limit, and
/// levels of regions.
struct Extent {
  int64_t operations = 0;
  unsigned depth = 0;
};

struct Call {
  func::FuncOp callee;
  unsigned depth;
};

class CallInliner {
public:
  explicit CallInliner(ModuleOp module) : module(module), symbols(module) {}

  LogicalResult run() {
    for (auto function : module.getOps<func::FuncOp>())
      if (failed(measure(function)))
        return failure();
    int64_t operations = 0;
    SmallVector<func::FuncOp> entries = entriesOf(module);
    for (func::FuncOp entry : entries) {
      const Extent &extent = extents.at(entry);
      operations += extent.operations;
      if (operations > kMaxOperations && !calls.at(entry).empty())
        return entry.emitError("with its calls inlined, entry '")
               << entry.getName() << "' brings the module to more than " << kMaxOperations
               << " operations";
      if (extent.depth > kMaxNesting)
        return entry.emitError("with its calls inlined, entry '")
               << entry.getName() << "' nests deeper than " << kMaxNesting << " levels";
    }
    for (func::FuncOp entry : entries)
      inlineInto(entry);
    for (auto function : llvm::make_early_inc_range(module.getOps<func::FuncOp>()))
      if (!function->hasAttr(kEntryAttr))
        function.erase();
    return success();
  }

private:
  /// The function's own extent; its calls go into `calls`.
  Extent open(func::FuncOp function) {
    Extent own;
    std::vector<Call> &list = calls[function];
    function.getBody().walk([&](Operation *op) {
      unsigned depth = 0;
      for (Operation *parent = op->getParentOp(); parent != function.getOperation();
           parent = parent->getParentOp())
        ++depth;
      ++own.operations;
      own.depth = std::max(own.depth, depth);
      if (auto call = dyn_cast<func::CallOp>(op))
        list.push_back({symbols.lookup<func::FuncOp>(call.getCallee()), depth});
    });
    return own;
  }

  /// Fills in `extents` for what `root` reaches. A function that is open while it comes up again
  /// calls itself.
  LogicalResult measure(func::FuncOp root) {
    DenseMap<Operation *, Extent> opened;
    SmallVector<func::FuncOp> stack{root};
    while (!stack.empty()) {
      func::FuncOp function = stack.back();
      if (extents.contains(function)) {
        stack.pop_back();
        continue;
      }
      if (auto known = opened.find(function); known != opened.end()) {
        Extent total = known->second;
        for (Call &call : calls[function]) {
          const Extent &part = extents.at(call.callee);
          total.operations = std::min(total.operations + part.operations, kMaxOperations + 1);
          total.depth = std::max(total.depth, call.depth + part.depth);
        }
        extents[function] = total;
        continue;
      }
      opened[function] = open(function);
      for (Call &call : calls[function]) {
        if (opened.contains(call.callee) && !extents.contains(call.callee))
          return call.callee.emitError("function '") << call.callee.getName() << "' calls itself";
        stack.push_back(call.callee);
      }
    }
    return success();
  }

  void inlineInto(func::FuncOp entry) {
    SmallVector<func::CallOp> waiting;
    auto collect = [&](func::CallOp call) { waiting.push_back(call); };
    entry.walk(collect);
    while (!waiting.empty()) {
      func::CallOp call = waiting.pop_back_val();
      Block &body = symbols.lookup<func::FuncOp>(call.getCallee()).front();
      IRMapping mapping;
      mapping.map(body.getArguments(), call.getOperands());
      OpBuilder builder(call);
      for (Operation &op : body.without_terminator())
        builder.clone(op, mapping)->walk(collect);
      for (auto [result, returned] :
           llvm::zip_equal(call.getResults(), body.getTerminator()->getOperands()))
        result.replaceAllUsesWith(mapping.lookup(returned));
      call.erase();
    }
  }

  ModuleOp module;
  SymbolTable symbols;
  DenseMap<Operation *, Extent> extents;
  DenseMap<Operation *, std::vector<Call>> calls;
};
} // namespace

LogicalResult fovea::inlineCalls(ModuleOp module) { return CallInliner(module).run(); }
