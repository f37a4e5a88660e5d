//===- fovea-opt.cpp - runs passes on modules in text form ----------------===//
//
// The researcher's tool: mlir-opt with the dialects and passes of Fovea.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Conversion/MathToArith/MathToArith.h"
#include "compiler/Transforms/Passes.h"
#include "dialects/Fovea/FoveaDialect.h"

#include "mlir/InitAllDialects.h"
#include "mlir/InitAllExtensions.h"
#include "mlir/InitAllPasses.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"

int main(int argc, char **argv) {
  mlir::DialectRegistry registry;
  mlir::registerAllDialects(registry);
  mlir::registerAllExtensions(registry);
  mlir::registerAllPasses();
  fovea::registerFoveaTransformsPasses();
  fovea::registerMathToArithPasses();
  registry.insert<fovea::FoveaDialect>();
  fovea::registerBufferizationModels(registry);
  return mlir::asMainReturnCode(mlir::MlirOptMain(argc, argv, "Fovea optimizer driver\n", registry));
}
