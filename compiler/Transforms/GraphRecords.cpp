//===- GraphRecords.cpp - what the ledger says of the graph phase ---------===//
//
// Records that travel on a function until kernels are scheduled.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Transforms/Passes.h"

using namespace mlir;
using namespace fovea;

void fovea::addGraphRecord(func::FuncOp function, Operation *op, StringRef form,
                           ArrayRef<RefusedForm> refused) {
  Builder attrs(function.getContext());
  auto text = [&](StringRef key, StringRef value) {
    return attrs.getNamedAttr(key, attrs.getStringAttr(value));
  };
  SmallVector<Attribute> passedOver;
  for (const RefusedForm &other : refused) {
    NamedAttrList entry({text("form", other.form), text("reason", other.reason)});
    if (other.special)
      entry.set("special", attrs.getBoolAttr(true));
    entry.set("text", attrs.getStringAttr(other.text));
    passedOver.push_back(entry.getDictionary(function.getContext()));
  }
  SmallVector<Attribute> records;
  if (auto earlier = function->getAttrOfType<ArrayAttr>(kGraphRecordsAttr))
    llvm::append_range(records, earlier);
  records.push_back(attrs.getDictionaryAttr(
      {text("form", form), text("node", nodeOf(op)), text("op", op->getName().getStringRef()),
       attrs.getNamedAttr("refused", attrs.getArrayAttr(passedOver))}));
  function->setAttr(kGraphRecordsAttr, attrs.getArrayAttr(records));
}
