//===- PtxTest.cpp - emission of PTX text ---------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Targets/CUDA/Ptx.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Parser/Parser.h"

#include <gtest/gtest.h>

using namespace fovea;

namespace {

constexpr const char *kKernel = R"mlir(
gpu.module @device {
  llvm.func @store(%p: !llvm.ptr) attributes {nvvm.kernel, nvvm.reqntid = array<i32: 32>} {
    %x = llvm.mlir.constant(7 : i32) : i32
    llvm.store %x, %p : i32, !llvm.ptr
    llvm.return
  }
})mlir";

class Ptx : public ::testing::Test {
protected:
  Ptx() {
    context.loadDialect<mlir::gpu::GPUDialect, mlir::LLVM::LLVMDialect, mlir::NVVM::NVVMDialect>();
  }

  llvm::Expected<std::string> emit(llvm::StringRef text, const cuda::PtxOptions &options) {
    module = mlir::parseSourceString<mlir::ModuleOp>(text, &context);
    return cuda::emitPtx(*module->getOps<mlir::gpu::GPUModuleOp>().begin(), options);
  }

  mlir::MLIRContext context;
  mlir::OwningOpRef<mlir::ModuleOp> module;
};

TEST_F(Ptx, WritesTheVersionAndArchitectureAskedFor) {
  auto text = emit(kKernel, {"sm_90", 81});
  ASSERT_TRUE(bool(text)) << toString(text.takeError());
  EXPECT_NE(text->find(".version 8.1"), std::string::npos);
  EXPECT_NE(text->find(".target sm_90"), std::string::npos);
  EXPECT_NE(text->find(".entry store("), std::string::npos);
  EXPECT_NE(text->find("st.global"), std::string::npos);
}

TEST_F(Ptx, LeavesTheModuleAsItIs) {
  ASSERT_TRUE(bool(emit(kKernel, {})));
  EXPECT_TRUE(bool((*module->getOps<mlir::gpu::GPUModuleOp>().begin()).lookupSymbol("store")));
  auto again = cuda::emitPtx(*module->getOps<mlir::gpu::GPUModuleOp>().begin(), {});
  EXPECT_TRUE(bool(again));
}

TEST_F(Ptx, RefusesAnArchitectureThatLlvmDoesNotKnow) {
  auto text = emit(kKernel, {"sm_7x"});
  ASSERT_FALSE(bool(text));
  EXPECT_NE(toString(text.takeError()).find("does not know the architecture 'sm_7x'"),
            std::string::npos);
}

} // namespace
