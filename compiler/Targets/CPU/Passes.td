//===- Passes.td - schedules of the CPU ----------------------*- tablegen -*-===//
//
// The CPU's passes: packing of weights, and the schedule of every kernel.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_CPU_PASSES
#define FOVEA_CPU_PASSES

include "mlir/Pass/PassBase.td"

def RoundRecurrentWeights : Pass<"fovea-round-recurrent-weights", "::mlir::ModuleOp"> {
  let summary = "Give gates in loops integers of 8 bits for constant weights";
  let description = [{
    Needs `fovea.gates` that are not packed yet. In a loop, a constant weight of floats that is
    multiplied by what hangs on the loop's carried values is replaced by a weight of integers and
    one of scales, both with `rounds`, which the driver makes: one scale for each gate and unit. The
    cell multiplies its sums by them; the state is rounded to as many levels when the gates are
    computed. Leaves products of inputs alone. Gives up, with a record for the ledger, on gates
    outside loops, on weights that only the run knows, on products of a state that are not gates,
    and where no row of `rows` has dots of i8.
  }];
  let options = [Option<"lanes", "lanes", "int64_t", "16", "f32 lanes of a vector register">,
    ListOption<"rows", "rows", "std::string", "rows of dot and tile products, by their names">];
  let statistics = [Statistic<"numRounded", "rounded", "products with rounded weights">];
  let dependentDialects = ["::fovea::FoveaDialect", "::mlir::arith::ArithDialect"];
}

def PackWeights : Pass<"fovea-pack-weights", "::mlir::ModuleOp"> {
  let summary = "Store constant right-hand sides of products as panels";
  let description = [{
    Needs tensors. A weight that a `fovea.contract` reads along the lanes of its output is replaced
    by a weight packed into panels of the register tile's width, which the driver packs; the
    contract's map reads it through `n floordiv width` and `n mod width`, and the contract is marked
    `fovea.packed`; marks that come with the input are taken away. A schedule's tiles decide the
    width; what two contracts read in different widths is packed twice. Where a row of dots or
    tiles takes the contract, bf16 and i8 are packed in words of 4 bytes. The weights of
    `fovea.gates` are packed with the gates of as many units as a vector has lanes side by side;
    those of i8, and for one row those of bf16 with an even depth, in words. Gives up on weights of
    other types than floats or whose map is no permutation, and on tiles that do not fit the
    registers.
  }];
  let options = [Option<"lanes", "lanes", "int64_t", "16", "f32 lanes of a vector register">,
    Option<"registers", "registers", "int64_t", "32", "number of vector registers">,
    ListOption<"rows", "rows", "std::string", "rows of dot and tile products, by their names">];
  let statistics = [Statistic<"numPacked", "packed", "right-hand sides packed">];
  let dependentDialects = ["::fovea::FoveaDialect"];
}

def ScheduleKernels : Pass<"fovea-schedule-cpu", "::mlir::ModuleOp"> {
  let summary = "Schedule every kernel as tasks of loops and register products";
  let description = [{
    Needs formed kernels. For each, the first form of an ordered list that applies and follows the
    operation's schedule, if it has one; the forms passed over and their reasons are kept in the
    kernel's attribute `fovea.ledger`. An operation whose schedule no form follows is refused.
  }];
  let options = [Option<"lanes", "lanes", "int64_t", "16", "f32 lanes of a vector register">,
    Option<"registers", "registers", "int64_t", "32", "number of vector registers">,
    ListOption<"rows", "rows", "std::string", "rows of dot and tile products, by their names">];
  let statistics = [Statistic<"numScheduled", "scheduled", "kernels scheduled">];
  let dependentDialects = ["::fovea::kernel::FoveaKernelDialect", "::mlir::arith::ArithDialect",
    "::mlir::affine::AffineDialect", "::mlir::math::MathDialect", "::mlir::memref::MemRefDialect",
    "::mlir::scf::SCFDialect", "::mlir::vector::VectorDialect"];
}

#endif // FOVEA_CPU_PASSES
