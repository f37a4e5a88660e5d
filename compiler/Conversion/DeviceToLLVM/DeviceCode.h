//===- DeviceCode.h - conversions of device code to the LLVM dialect ------===//
//
// What the lowerings for a GPU and for the emulator share: the shell of a kernel, and patterns for
// everything that does not depend on where the code will run.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_CONVERSION_DEVICETOLLVM_DEVICECODE_H
#define FOVEA_COMPILER_CONVERSION_DEVICETOLLVM_DEVICECODE_H

#include "dialects/FoveaWarp/FoveaWarpDialect.h"

#include "mlir/Conversion/LLVMCommon/TypeConverter.h"
#include "mlir/IR/PatternMatch.h"

namespace fovea {

/// What a launch has to know of a kernel; terms of fovea_device_kernel.
struct KernelFacts {
  int64_t threads = 0, sharedBytes = 0, words = 0;
  bool cooperative = false, atomics = false;
};

/// The facts that `fovea-place-shared` has written on `kernel`; none when it did not run.
std::optional<KernelFacts> factsOf(mlir::Operation *kernel);
void setFacts(mlir::Operation *kernel, const KernelFacts &facts);

/// Address spaces of memrefs: those of NVVM's numbers, private memory in the generic one.
void addMemorySpaces(mlir::LLVMTypeConverter &converter);

/// Patterns from arith, cf, math, memref, vector and `fovea_kernel.view` to the LLVM dialect.
void populateDeviceToLLVM(const mlir::LLVMTypeConverter &converter,
                          mlir::RewritePatternSet &patterns);

/// Moves the kernel's blocks to `function` and erases the kernel. `arguments` stand for those of
/// its first block; they are made in front of it. Returns of the kernel become llvm.return.
void moveBody(mlir::gpu::GPUFuncOp kernel, mlir::LLVM::LLVMFuncOp function,
              llvm::function_ref<llvm::SmallVector<mlir::Value>(mlir::OpBuilder &)> arguments);

/// Makes the atomic operations of `function` such that they order nothing but themselves, at the
/// device's scope: host and device order their accesses by launches, threads by barriers.
void relaxAtomics(mlir::LLVM::LLVMFuncOp function);

} // namespace fovea

#endif // FOVEA_COMPILER_CONVERSION_DEVICETOLLVM_DEVICECODE_H
