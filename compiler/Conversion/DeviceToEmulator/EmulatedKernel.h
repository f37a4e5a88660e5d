//===- EmulatedKernel.h - a kernel on its way to the emulator -------------===//
//
// Builds IR for the structures of fovea_device_abi.h, and numbers the operations that can break a
// rule.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_CONVERSION_DEVICETOEMULATOR_EMULATEDKERNEL_H
#define FOVEA_COMPILER_CONVERSION_DEVICETOEMULATOR_EMULATEDKERNEL_H

#include "compiler/Conversion/DeviceToLLVM/DeviceCode.h"

#include "mlir/Conversion/LLVMCommon/Pattern.h"

namespace fovea {

/// On a load of the emulator's structures: no access of the kernel.
inline constexpr llvm::StringLiteral kUncheckedAttr = "fovea_warp.unchecked";

/// One kernel: its function, what stays the same in it, and its sites.
class EmulatedKernel {
public:
  EmulatedKernel(mlir::LLVM::LLVMFuncOp function, const KernelFacts &facts)
      : function(function), facts(facts) {}

  /// The fovea_thread of the calling thread.
  mlir::Value thread() { return function.getArgument(0); }

  /// A field of the fovea_thread, `offset` bytes behind its start.
  mlir::Value field(mlir::OpBuilder &builder, mlir::Location loc, int64_t offset, mlir::Type type);

  /// Calls the function that lies `offset` bytes behind the start of fovea_emulator; null for no
  /// result.
  mlir::Value call(mlir::OpBuilder &builder, mlir::Location loc, int64_t offset, mlir::Type result,
                   mlir::ValueRange arguments);

  /// The number of a new site: `what` is done at `loc`.
  mlir::Value site(mlir::OpBuilder &builder, mlir::Location loc, llvm::StringRef what);

  /// Memory of the stack that holds what one call takes and gives.
  mlir::Value scratch();

  mlir::LLVM::LLVMFuncOp function;
  KernelFacts facts;
  llvm::SmallVector<std::string> sites;

private:
  mlir::LLVM::AllocaOp buffer;
};

/// An i32 constant.
mlir::Value constantWord(mlir::OpBuilder &builder, mlir::Location loc, int64_t value);

/// A load that is no access of the kernel, `offset` bytes behind `pointer`.
mlir::Value loadUnchecked(mlir::OpBuilder &builder, mlir::Location loc, mlir::Type type,
                          mlir::Value pointer, int64_t offset);

/// A pattern that knows the kernel.
template <typename Op> struct EmulatedPattern : mlir::ConvertOpToLLVMPattern<Op> {
  EmulatedPattern(const mlir::LLVMTypeConverter &converter, EmulatedKernel &kernel)
      : mlir::ConvertOpToLLVMPattern<Op>(converter), kernel(kernel) {}

  EmulatedKernel &kernel;
};

/// Threads, blocks, barriers and shuffles of the gpu dialect.
void populateGpuToEmulator(const mlir::LLVMTypeConverter &converter, EmulatedKernel &kernel,
                           mlir::RewritePatternSet &patterns);

/// Operations of the dialect fovea_warp.
void populateWarpToEmulator(const mlir::LLVMTypeConverter &converter, EmulatedKernel &kernel,
                            mlir::RewritePatternSet &patterns);

/// Makes calls of atomic operations and, with `checks`, tells the emulator of loads and stores, in
/// a kernel that is in the LLVM dialect; then all pointers are the host's. Returns the number of
/// accesses told of, or fails with a diagnostic.
mlir::FailureOr<int64_t> checkAccesses(EmulatedKernel &kernel, bool checks);

} // namespace fovea

#endif // FOVEA_COMPILER_CONVERSION_DEVICETOEMULATOR_EMULATEDKERNEL_H
