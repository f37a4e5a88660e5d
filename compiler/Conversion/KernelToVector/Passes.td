//===- Passes.td - register products to vectors --------------*- tablegen -*-===//
//
// The pass that turns register products into loops over native vectors.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_KERNEL_TO_VECTOR_PASSES
#define FOVEA_KERNEL_TO_VECTOR_PASSES

include "mlir/Pass/PassBase.td"

def LowerProduct : Pass<"fovea-lower-product"> {
  let summary = "Emit register products as loops of native instructions";
  let description = [{
    Turns every `fovea_kernel.product` into one `scf.for` over the depth whose loop-carried values
    are the accumulators as 1-D vectors: each step loads the panel's vectors, then per row loads a
    scalar, broadcasts it and multiplies. Init and finish regions are inlined row by row. A turn of
    the loop has several steps: with up to four rows they read at most 1024 bytes of the panel, and
    LLVM is told not to unroll it. With lane operands, rows are loaded as vectors, along the rows or
    the depth, of which each multiply takes one lane, where the rows operand is contiguous and
    registers suffice. Products by dots
    take a word of each row a step. Products by tiles carry tiles, of 16 rows each, and run the
    regions in a loop over the rows of sums in scratch memory. Refuses dots on other than 8 or 16
    lanes, for which there is no instruction.
  }];
  let options = [Option<"laneOperands", "lane-operands", "bool", "false",
    "multiply-adds take one lane of a register as operand">];
  let statistics = [Statistic<"numProducts", "products", "register products emitted">];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect", "::mlir::arith::ArithDialect",
    "::mlir::memref::MemRefDialect", "::mlir::scf::SCFDialect", "::mlir::vector::VectorDialect"];
}

#endif // FOVEA_KERNEL_TO_VECTOR_PASSES
