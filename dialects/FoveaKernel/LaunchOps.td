//===- LaunchOps.td - how host code runs kernels -------------*- tablegen -*-===//
//
// One kernel, several pieces of host code at the same time, or computations row by row.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_KERNEL_LAUNCH_OPS
#define FOVEA_KERNEL_LAUNCH_OPS

include "dialects/FoveaKernel/FoveaKernelBase.td"

/// A condition in memory. Buildable, so that its type need not be printed.
def FoveaKernel_Condition : Type<CPred<
      "$_self == ::mlir::MemRefType::get({}, ::mlir::IntegerType::get($_self.getContext(), 1))">,
    "memref<i1>", "::mlir::MemRefType">,
  BuildableType<"::mlir::MemRefType::get({}, $_builder.getI1Type())">;

def FoveaKernel_LaunchOp : FoveaKernel_Op<"launch", [AttrSizedOperandSegments,
    DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "run of a kernel";
  let description = [{
    Runs all tasks of a kernel and waits for them. `tasks`, when given, is the number of tasks. On a
    device, a launch with conditions in its memory does nothing unless each has the value expected.

    Constraints:
    - launch_c1: the symbol is a function with the attribute fovea_kernel.kernel; argument types
      are the kernel's up to the offset of memrefs.
    - launch_c2: a value is expected of each condition.

    ```mlir
    fovea_kernel.launch @kernel_0(%a, %n) : memref<4x8xf32>, index
    fovea_kernel.launch @kernel_1(%a) when(%left) is [false] : memref<4x8xf32>
    ```
  }];
  let arguments = (ins FlatSymbolRefAttr:$kernel, Variadic<AnyType>:$args, Optional<Index>:$tasks,
    Variadic<FoveaKernel_Condition>:$conditions,
    DefaultValuedAttr<DenseBoolArrayAttr, "{}">:$expected);
  let assemblyFormat = [{
    $kernel `(` $args `)` (`tasks` `(` $tasks^ `)`)? (`when` `(` $conditions^ `)` `is` $expected)?
    attr-dict (`:` type($args)^)?
  }];
  let hasVerifier = 1;
  let builders = [OpBuilder<(ins "::llvm::StringRef":$kernel, "::mlir::ValueRange":$args,
      CArg<"::mlir::Value", "{}">:$tasks), [{
    build($_builder, $_state, kernel, args, tasks, ::mlir::ValueRange());
  }]>];
}

def FoveaKernel_SectionsOp : FoveaKernel_Op<"sections", [
    RecursiveMemoryEffects, NoRegionArguments, SingleBlockImplicitTerminator<"YieldOp">]> {
  let summary = "pieces of host code that may run at the same time";
  let description = [{
    Runs all of its regions, in any order or at the same time, and waits for them. No section writes
    what another one reads or writes.

    Constraints:
    - sections_c1: at least two sections.

    ```mlir
    fovea_kernel.sections {
      fovea_kernel.launch @kernel_0(%a) : memref<4x8xf32>
    }, {
      fovea_kernel.launch @kernel_0(%b) : memref<4x8xf32>
    }
    ```
  }];
  let regions = (region VariadicRegion<SizedRegion<1>>:$sections);
  let assemblyFormat = "$sections attr-dict";
  let hasVerifier = 1;
}

def FoveaKernel_RowsOp : FoveaKernel_Op<"rows", [
    RecursiveMemoryEffects, NoRegionArguments, SingleBlockImplicitTerminator<"YieldOp">]> {
  let summary = "computations that need of each other the same row only";
  let description = [{
    Runs the computations of its body one after the other. Buffers that one of them writes and
    another one uses have `count` rows, their first dimension, of which row i is made for row i of
    the others alone: rows may be computed in any order or at the same time.

    Constraints:
    - rows_c1: at least two computations, which give no values.

    ```mlir
    fovea_kernel.rows %n {
      linalg.exp ins(%a : memref<4x8xf32>) outs(%b : memref<4x8xf32>)
      linalg.negf ins(%b : memref<4x8xf32>) outs(%c : memref<4x8xf32>)
    }
    ```
  }];
  let arguments = (ins Index:$count);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "$count $body attr-dict";
  let hasVerifier = 1;
}

#endif // FOVEA_KERNEL_LAUNCH_OPS
