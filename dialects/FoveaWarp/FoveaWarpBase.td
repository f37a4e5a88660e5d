//===- FoveaWarpBase.td - dialect, enums and types of warps -*- tablegen -*-===//
//
// The `fovea_warp` dialect itself, and the enumerations and types that its operations use.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_WARP_BASE
#define FOVEA_WARP_BASE

include "mlir/Dialect/LLVMIR/LLVMOpBase.td"
include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/CommonAttrConstraints.td"
include "mlir/IR/EnumAttr.td"
include "mlir/IR/OpBase.td"
include "mlir/Interfaces/ControlFlowInterfaces.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def FoveaWarp_Dialect : Dialect {
  let name = "fovea_warp";
  let cppNamespace = "::fovea::warp";
  let summary = "what the 32 threads of a warp do together";
  let description = [{
    Stands beside the gpu dialect in kernels of a device: memory of a block, copies that take their
    time, matrix products of a warp, and what the hardware approximates. Fragments are matrices that
    lie in the registers of a warp; `fovea-distribute-fragments` makes them the scalars of each
    thread, and what is left has two lowerings, to NVVM and to calls of an emulator.

    A kernel is a `gpu.func` with the attribute `kernel` in a `gpu.module`. Its parameters are the
    words of the argument block of fovea_device_abi.h, each i64 or !llvm.ptr, and at last the
    pointer to the fault record. `known_block_size` says how many threads a block has, in its first
    dimension alone.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::gpu::GPUDialect",
    "::mlir::LLVM::LLVMDialect", "::mlir::memref::MemRefDialect"];
  let useDefaultTypePrinterParser = 1;
}

class FoveaWarp_Op<string mnemonic, list<Trait> traits = []>
    : Op<FoveaWarp_Dialect, mnemonic, traits>;

class FoveaWarp_Enum<string name, string summary, list<I32EnumAttrCase> cases>
    : I32EnumAttr<name, summary, cases> {
  let cppNamespace = "::fovea::warp";
}

// The numbers of the enums are those of fovea_device_abi.h.
def FoveaWarp_Approximation
    : FoveaWarp_Enum<"Approximation", "function that the hardware approximates", [
  I32EnumAttrCase<"Ex2", 0, "ex2">, I32EnumAttrCase<"Lg2", 1, "lg2">,
  I32EnumAttrCase<"Rcp", 2, "rcp">, I32EnumAttrCase<"Rsqrt", 3, "rsqrt">,
  I32EnumAttrCase<"Tanh", 4, "tanh">, I32EnumAttrCase<"TF32", 5, "tf32">]>;

def FoveaWarp_Vote : FoveaWarp_Enum<"Vote", "what a vote asks", [
  I32EnumAttrCase<"All", 0, "all">, I32EnumAttrCase<"Any", 1, "any">,
  I32EnumAttrCase<"Uni", 2, "uni">, I32EnumAttrCase<"Ballot", 3, "ballot">]>;

def FoveaWarp_Product : FoveaWarp_Enum<"Product", "product of a warp, by shape and types", [
  I32EnumAttrCase<"F16", 0, "m16n8k16_f16">, I32EnumAttrCase<"BF16", 1, "m16n8k16_bf16">,
  I32EnumAttrCase<"TF32", 2, "m16n8k8_tf32">, I32EnumAttrCase<"S8", 3, "m16n8k32_s8">]>;

def FoveaWarp_Role : FoveaWarp_Enum<"Role", "part that a fragment plays in a product", [
  I32EnumAttrCase<"A", 0, "a">, I32EnumAttrCase<"B", 1, "b">, I32EnumAttrCase<"Acc", 2, "acc">,
  I32EnumAttrCase<"Row", 3, "row">]>;

def FoveaWarp_RowReduction : FoveaWarp_Enum<"RowReduction", "what becomes of the values of a row", [
  I32EnumAttrCase<"Add", 0, "add">, I32EnumAttrCase<"Max", 1, "max">]>;

class FoveaWarp_Type<string name, string typeMnemonic>
    : TypeDef<FoveaWarp_Dialect, name> {
  let mnemonic = typeMnemonic;
}

def FoveaWarp_Fragment : FoveaWarp_Type<"Fragment", "fragment"> {
  let summary = "matrix in the registers of a warp";
  let description = [{
    `!fovea_warp.fragment<32x64xbf16, a>`. Operands `a` (rows x depth) and `b` (depth x columns) of
    a product have 16-bit elements or tf32, which is f32 rounded to 10 bits behind the point, sums
    `acc` (rows x columns) f32. A `row` has one f32 for each row of a sum and one dimension. What
    lies where is what `fovea_warp.mma_sync` wants, tile by tile.
  }];
  let parameters = (ins ArrayRefParameter<"int64_t">:$shape, "::mlir::Type":$elementType,
    "::fovea::warp::Role":$role);
  let hasCustomAssemblyFormat = 1;
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    /// Registers of one thread that hold the fragment: words of a and b, f32 of acc and row.
    int64_t getRegisters() const;
    /// Type of such a register.
    ::mlir::Type getRegisterType() const;
  }];
}

def FoveaWarp_Pending : FoveaWarp_Type<"Pending", "pending"> {
  let summary = "sum that a product may still be adding to";
  let description = [{
    `!fovea_warp.pending<!fovea_warp.fragment<16x8xf32, acc>>`. Only `fovea_warp.await` takes it.
  }];
  let parameters = (ins "::fovea::warp::FragmentType":$fragment);
  let assemblyFormat = "`<` $fragment `>`";
}

def FoveaWarp_Copies : FoveaWarp_Type<"Copies", "copies"> {
  let summary = "copies of a thread that have begun";
}

def FoveaWarp_CopyGroup : FoveaWarp_Type<"CopyGroup", "copy_group"> {
  let summary = "copies of a thread that are waited for together";
}

#endif // FOVEA_WARP_BASE
