//===- FoveaDialect.h - the fovea dialect ---------------------------------===//
//
// Declares the dialect, its enumerations, attributes and operations.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_DIALECTS_FOVEA_FOVEADIALECT_H
#define FOVEA_DIALECTS_FOVEA_FOVEADIALECT_H

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/ControlFlowInterfaces.h"
#include "mlir/Interfaces/DestinationStyleOpInterface.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "dialects/Fovea/FoveaDialect.h.inc"
#include "dialects/Fovea/FoveaEnums.h.inc"

#define GET_ATTRDEF_CLASSES
#include "dialects/Fovea/FoveaAttrs.h.inc"

#define GET_OP_CLASSES
#include "dialects/Fovea/FoveaOps.h.inc"

namespace fovea {

/// Attribute names on entry functions and their arguments and results (docs/Spec.md, "Modules").
inline constexpr llvm::StringLiteral kEntryAttr = "fovea.entry";
/// Argument or result: its name for users (string).
inline constexpr llvm::StringLiteral kNameAttr = "fovea.name";
/// Argument or result: array with, for each dimension, the name of its symbol ("" when static).
inline constexpr llvm::StringLiteral kShapeAttr = "fovea.shape";
/// Argument or result: "u8", "u16", "u32", "u64" where the element type's sign does not say it.
inline constexpr llvm::StringLiteral kDtypeAttr = "fovea.dtype";

/// Attention over a part of the keys per head (fovea-split-keys): number of the parts.
inline constexpr llvm::StringLiteral kKeyPartsAttr = "fovea.key_parts";

/// The name that the frontend gave to the node that became `op`, or that `loc` tells; empty when it
/// gave none.
llvm::StringRef nodeOf(mlir::Operation *op);
llvm::StringRef nodeOf(mlir::Location loc);
/// What a user calls `op`: its node, or the operation's name and its line in the text.
std::string nodeOrLine(mlir::Operation *op);

/// Registers the models that let the bufferization of tensors see through fovea operations.
void registerBufferizationModels(mlir::DialectRegistry &registry);

} // namespace fovea

#endif // FOVEA_DIALECTS_FOVEA_FOVEADIALECT_H
