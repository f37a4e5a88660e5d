//===- FoveaWarpDialect.h - the fovea_warp dialect ------------------------===//
//
// Declares the dialect of what the threads of a warp do together.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_DIALECTS_FOVEAWARP_FOVEAWARPDIALECT_H
#define FOVEA_DIALECTS_FOVEAWARP_FOVEAWARPDIALECT_H

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/Interfaces/ControlFlowInterfaces.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "dialects/FoveaWarp/FoveaWarpDialect.h.inc"
#include "dialects/FoveaWarp/FoveaWarpEnums.h.inc"

#define GET_TYPEDEF_CLASSES
#include "dialects/FoveaWarp/FoveaWarpTypes.h.inc"

#define GET_OP_CLASSES
#include "dialects/FoveaWarp/FoveaWarpOps.h.inc"

namespace fovea::warp {

/// Threads of a warp.
inline constexpr int64_t kWarp = 32;

/// On a kernel, once its shared memory is placed: a dictionary of i64 `threads`, `shared_bytes`,
/// `words` and of the units `cooperative` and `atomics`, as in fovea_device_kernel.
inline constexpr llvm::StringLiteral kKernelAttr = "fovea_warp.kernel";
/// On a kernel for the emulator: what its operations with sites are, an array of strings.
inline constexpr llvm::StringLiteral kSitesAttr = "fovea_warp.sites";

/// Tiles of m16n8k16: rows, columns and depth of one product of a warp. Of tf32 two products make
/// one, each of half the depth.
inline constexpr int64_t kTileRows = 16, kTileColumns = 8, kTileDepth = 16;

/// True for memrefs in the memory of a block.
bool isShared(mlir::MemRefType type);

} // namespace fovea::warp

#endif // FOVEA_DIALECTS_FOVEAWARP_FOVEAWARPDIALECT_H
