//===- MemoryRequests.cpp - asking memory ahead of use --------------------===//
//
// Prefetches of lines, and an empty assembly text that memory accesses do not cross.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Conversion/KernelToVector/MemoryRequests.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;

/// Bytes that one request to memory brings.
static constexpr int64_t kLineBytes = 64;
/// Into the first cache: farther ones answer too late for a stream that is read at memory's pace.
static constexpr int kLocality = 3;

int64_t fovea::elementsOfRequest(Value matrix) {
  return kLineBytes * 8 / cast<MemRefType>(matrix.getType()).getElementTypeBitWidth();
}

void fovea::requestLine(OpBuilder &builder, Location loc, Value buffer, ValueRange place) {
  memref::PrefetchOp::create(builder, loc, buffer, place, /*isWrite=*/false, kLocality,
                             /*isDataCache=*/true);
}

void fovea::keepRequestsApart(OpBuilder &builder, Location loc) {
  LLVM::InlineAsmOp::create(builder, loc, Type(), ValueRange(), /*asm_string=*/"",
                            /*constraints=*/"~{memory}", /*has_side_effects=*/true,
                            /*is_align_stack=*/false, LLVM::TailCallKind::None,
                            LLVM::AsmDialectAttr(), ArrayAttr());
}
