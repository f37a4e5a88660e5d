//===- KernelVariants.h - kernels changed for some of their launches ------===//
//
// Launches of one kernel share it. Where some launches want it changed, they get a copy of it, the
// same for all that want the same change.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_CONVERSION_KERNELTODEVICE_KERNELVARIANTS_H
#define FOVEA_COMPILER_CONVERSION_KERNELTODEVICE_KERNELVARIANTS_H

#include "dialects/FoveaKernel/FoveaKernelDialect.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/SymbolTable.h"

namespace fovea {

class KernelVariants {
public:
  explicit KernelVariants(mlir::ModuleOp module) : module(module), symbols(module) {}

  /// Lets `launch` run a copy of its kernel, behind which it stands; `change` is called on each
  /// copy once, and `key` tells changes of one kernel apart. The launch's operands are the
  /// caller's.
  void choose(kernel::LaunchOp launch, llvm::StringRef key,
              llvm::function_ref<void(mlir::func::FuncOp)> change);

  /// Erases the kernels that every launch has left.
  void eraseLeft();

private:
  mlir::ModuleOp module;
  mlir::SymbolTable symbols;
  llvm::StringMap<mlir::func::FuncOp> made;
  llvm::SetVector<mlir::func::FuncOp> left;
};

} // namespace fovea

#endif // FOVEA_COMPILER_CONVERSION_KERNELTODEVICE_KERNELVARIANTS_H
