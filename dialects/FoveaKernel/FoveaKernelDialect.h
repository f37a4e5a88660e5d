//===- FoveaKernelDialect.h - the fovea_kernel dialect --------------------===//
//
// Declares the dialect of kernels, tasks and register products.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_DIALECTS_FOVEAKERNEL_FOVEAKERNELDIALECT_H
#define FOVEA_DIALECTS_FOVEAKERNEL_FOVEAKERNELDIALECT_H

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/ControlFlowInterfaces.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "dialects/FoveaKernel/FoveaKernelDialect.h.inc"
#include "dialects/FoveaKernel/FoveaKernelEnums.h.inc"

#define GET_OP_CLASSES
#include "dialects/FoveaKernel/FoveaKernelOps.h.inc"

namespace fovea::kernel {

/// Marks a function as a kernel.
inline constexpr llvm::StringLiteral kKernelAttr = "fovea_kernel.kernel";
/// On a task function: bytes of scratch memory that it needs.
inline constexpr llvm::StringLiteral kScratchAttr = "fovea_kernel.scratch_bytes";

/// On a kernel: its tasks run at the same time and launch kernels in phases.
inline constexpr llvm::StringLiteral kTeamAttr = "fovea_kernel.team";

/// On a kernel: each of its tasks may launch kernels, and runs all their tasks itself.
inline constexpr llvm::StringLiteral kSectionedAttr = "fovea_kernel.sectioned";

/// On a kernel: in every second step of a loop its tasks are counted backwards, first what was read
/// last. An argument and the most that its first extent may be for that, or -1: known to be few.
inline constexpr llvm::StringLiteral kInTurnsAttr = "fovea_kernel.in_turns";

/// On a kernel: multiply-adds of a launch, and the argument whose first extent they are to be
/// multiplied by, -1 for none.
inline constexpr llvm::StringLiteral kWorkAttr = "fovea_kernel.work";

} // namespace fovea::kernel

#endif // FOVEA_DIALECTS_FOVEAKERNEL_FOVEAKERNELDIALECT_H
