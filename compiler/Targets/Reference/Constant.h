//===- Constant.h - attributes as values ----------------------------------===//
//
// Values of arith.constant and other attributes, and the check of fovea.checked_index, which runs
// both inside and outside compiled regions.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_TARGETS_REFERENCE_CONSTANT_H
#define FOVEA_COMPILER_TARGETS_REFERENCE_CONSTANT_H

#include "compiler/Targets/Reference/Array.h"

#include "mlir/IR/BuiltinAttributes.h"

#include <optional>

namespace fovea {
class CheckedIndexOp;
}

namespace fovea::reference {

class OpRun;

/// Value of an integer, index, bool or float attribute.
std::optional<Cell> scalarConstant(mlir::Attribute attr);
/// Fills the cells with the elements of a dense attribute; false for forms that are not dense.
bool denseConstant(mlir::ElementsAttr attr, llvm::MutableArrayRef<Cell> cells);

/// The index that the operation gives for `index` in `extent`; records a fault.
int64_t checkedIndex(OpRun &run, CheckedIndexOp op, int64_t index, int64_t extent);

} // namespace fovea::reference

#endif // FOVEA_COMPILER_TARGETS_REFERENCE_CONSTANT_H
