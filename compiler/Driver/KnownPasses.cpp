//===- KnownPasses.cpp - passes that a pipeline in text can name ----------===//
//
// Named folder by folder.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Driver/KnownPasses.h"

#include "compiler/Conversion/DeviceToEmulator/Passes.h"
#include "compiler/Conversion/DeviceToLLVM/Passes.h"
#include "compiler/Conversion/DeviceToNVVM/Passes.h"
#include "compiler/Conversion/KernelToDevice/Passes.h"
#include "compiler/Conversion/KernelToLLVM/Passes.h"
#include "compiler/Conversion/KernelToVector/Passes.h"
#include "compiler/Conversion/MathToArith/MathToArith.h"
#include "compiler/Conversion/TensorToKernel/Passes.h"
#include "compiler/Conversion/WarpToDevice/Passes.h"
#include "compiler/Pipelines/CPU.h"
#include "compiler/Pipelines/CUDA.h"
#include "compiler/Pipelines/DeviceCode.h"
#include "compiler/Targets/CPU/Passes.h"
#include "compiler/Targets/CUDA/Passes.h"
#include "compiler/Transforms/Passes.h"

#include "mlir/Conversion/Passes.h"
#include "mlir/Dialect/Affine/Transforms/Passes.h"
#include "mlir/Dialect/Arith/Transforms/Passes.h"
#include "mlir/Dialect/Bufferization/Transforms/Passes.h"
#include "mlir/Dialect/Func/Transforms/Passes.h"
#include "mlir/Dialect/LLVMIR/Transforms/Passes.h"
#include "mlir/Dialect/Linalg/Passes.h"
#include "mlir/Dialect/Math/Transforms/Passes.h"
#include "mlir/Dialect/MemRef/Transforms/Passes.h"
#include "mlir/Dialect/SCF/Transforms/Passes.h"
#include "mlir/Dialect/Tensor/Transforms/Passes.h"
#include "mlir/Dialect/Vector/Transforms/Passes.h"
#include "mlir/Transforms/Passes.h"

void fovea::registerFoveaPasses() {
  registerFoveaTransformsPasses();
  registerMathToArithPasses();
  registerTensorToKernelPasses();
  registerKernelToVectorPasses();
  registerKernelToLLVMPasses();
  registerKernelToDevicePasses();
  registerWarpToDevicePasses();
  registerDeviceToLLVMPasses();
  registerDeviceToNVVMPasses();
  registerDeviceToEmulatorPasses();
  registerCpuPasses();
  registerCpuPipelines();
  registerCudaPasses();
  registerCudaPipelines();
  registerDeviceCodePipelines();
}

void fovea::registerUpstreamPasses() {
  mlir::registerTransformsPasses();
  mlir::registerConversionPasses();
  mlir::affine::registerAffinePasses();
  mlir::arith::registerArithPasses();
  mlir::bufferization::registerBufferizationPasses();
  mlir::func::registerFuncPasses();
  mlir::LLVM::registerLLVMPasses();
  mlir::registerLinalgPasses();
  mlir::math::registerMathPasses();
  mlir::memref::registerMemRefPasses();
  mlir::registerSCFPasses();
  mlir::tensor::registerTensorPasses();
  mlir::vector::registerVectorPasses();
}
