//===- FoveaDialect.cpp - registration and what all operations share ------===//
//
// Registers the dialect's attributes and operations.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "dialects/Fovea/FoveaDialect.h"

#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

#include "dialects/Fovea/FoveaDialect.cpp.inc"
#include "dialects/Fovea/FoveaEnums.cpp.inc"

#define GET_ATTRDEF_CLASSES
#include "dialects/Fovea/FoveaAttrs.cpp.inc"

#define GET_OP_CLASSES
#include "dialects/Fovea/FoveaOps.cpp.inc"

void fovea::FoveaDialect::initialize() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "dialects/Fovea/FoveaAttrs.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "dialects/Fovea/FoveaOps.cpp.inc"
      >();
}

llvm::StringRef fovea::nodeOf(mlir::Location loc) {
  auto name = loc->findInstanceOf<mlir::NameLoc>();
  return name ? name.getName().getValue() : "";
}

llvm::StringRef fovea::nodeOf(mlir::Operation *op) { return nodeOf(op->getLoc()); }

std::string fovea::nodeOrLine(mlir::Operation *op) {
  std::string node = nodeOf(op).str();
  if (!node.empty())
    return node;
  node = op->getName().getStringRef().str();
  if (auto place = op->getLoc()->findInstanceOf<mlir::FileLineColLoc>())
    node += " in line " + std::to_string(place.getLine());
  return node;
}
