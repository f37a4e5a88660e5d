//===- Unrolling.cpp - loops that LLVM leaves as they are -----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Base/Unrolling.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

using namespace mlir;

void fovea::keepRolled(scf::ForOp loop) {
  MLIRContext *context = loop.getContext();
  auto unroll =
      LLVM::LoopUnrollAttr::get(context, BoolAttr::get(context, true), {}, {}, {}, {}, {}, {});
  auto annotation = LLVM::LoopAnnotationAttr::get(context, {}, {}, {}, unroll, {}, {}, {}, {}, {},
                                                  {}, {}, {}, {}, {}, {});
  loop->setAttr(LLVM::LoopAnnotationAttr::name, annotation);
}
