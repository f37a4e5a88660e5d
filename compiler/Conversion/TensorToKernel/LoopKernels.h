//===- LoopKernels.h - loops of the host as kernels -----------------------===//
//
// What the passes share that make one kernel of loops which only launch kernels.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_CONVERSION_TENSORTOKERNEL_LOOPKERNELS_H
#define FOVEA_COMPILER_CONVERSION_TENSORTOKERNEL_LOOPKERNELS_H

#include "compiler/Conversion/TensorToKernel/Passes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/SymbolTable.h"

namespace fovea {

/// Multiply-adds of a step below which a second thread costs more than it does: waiting for each
/// other takes some tenths of a microsecond a step.
inline constexpr int64_t kWorkOfTeam = 48 * 1024;
/// More of them for each launch of a step, behind the first, that threads share: there they wait
/// once more, and read what others have written.
inline constexpr int64_t kWorkOfPhase = 24 * 1024;

/// Moves what is the same in every step in front of the loop, buffers of the arena included.
void hoistFromSteps(mlir::scf::ForOp loop);

/// What only the host can do in `region`, as a sentence; empty when there is nothing. The body of a
/// loop may decide whether the loop goes on, by what it loads for that alone.
std::string onlyOnHost(mlir::Region &region);

/// Kernels that are launched within `op`.
int64_t launchesIn(mlir::Operation *op);

/// Visits the outermost loops of the module's entries that launch kernels, with how many they do;
/// what is the same in every step stands in front of them. Kernels may come and go meanwhile.
void forLaunchingLoops(mlir::ModuleOp module,
                       llvm::function_ref<void(mlir::scf::ForOp loop, int64_t launches)> visit);

/// What a kernel made of an operation takes from outside of it: values, and constants apart, which
/// the kernel has itself.
struct OuterValues {
  llvm::SmallVector<mlir::Value> inputs, constants;
};
OuterValues outerValuesOf(mlir::Operation *op);

/// Makes a kernel of the module of `symbols`, `name` with the first free number, with the
/// attributes `marks` and an empty body, and launches it in front of `op` with `inputs`, which it
/// sees as kernels do, and `scalars`.
mlir::func::FuncOp launchNewKernel(mlir::SymbolTable &symbols, mlir::OpBuilder &builder,
                                   mlir::Operation *op, llvm::StringRef name,
                                   llvm::ArrayRef<llvm::StringRef> marks, mlir::ValueRange inputs,
                                   mlir::ValueRange scalars);

/// Gives a kernel whose first arguments are the inputs what clones of the operation use.
mlir::IRMapping bringOuterValues(mlir::OpBuilder &builder, mlir::func::FuncOp kernel,
                                 const OuterValues &outer);

/// Makes such a kernel with the attribute `mark`, launches it in front of `op`, and leaves `op`.
/// The kernel's arguments are what `op` uses from outside, and its number of tasks, `tasks`, last;
/// `body` builds what a task does, of clones by the mapping.
mlir::func::FuncOp launchAsKernel(
    mlir::SymbolTable &symbols, mlir::OpBuilder &builder, mlir::Operation *op, llvm::StringRef name,
    llvm::StringRef mark, mlir::Value tasks,
    llvm::function_ref<void(mlir::OpBuilder &, mlir::IRMapping &, mlir::Value task)> body);

/// True when threads that share the steps of `loop` gain more than meeting in each costs; what
/// of it only the run knows is computed at `builder`.
mlir::Value hasWorkForTeam(mlir::OpBuilder &builder, mlir::scf::ForOp loop);

/// A ledger record of a loop, or of several, at `loc` that took `form`; `refused` is the form
/// passed over, empty for none, for a reason of the class `reason` that `text` tells.
mlir::NamedAttrList recordOfLoop(mlir::Location loc, llvm::StringRef form, int64_t launches,
                                 llvm::StringRef refused, llvm::StringRef reason,
                                 llvm::StringRef text);

/// Adds records to the module's ledger, if it has one.
void addToLedger(mlir::ModuleOp module, llvm::ArrayRef<mlir::Attribute> records);

} // namespace fovea

#endif // FOVEA_COMPILER_CONVERSION_TENSORTOKERNEL_LOOPKERNELS_H
