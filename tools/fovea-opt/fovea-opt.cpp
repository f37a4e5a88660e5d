//===- fovea-opt.cpp - runs passes on modules in text form ----------------===//
//
// The researcher's tool: mlir-opt with the dialects and passes of Fovea.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Frontends/Mlir/DimensionLists.h"
#include "compiler/Frontends/Mlir/NestingScan.h"
#include "tools/AllPasses.h"

#include "mlir/Support/FileUtilities.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/ToolOutputFile.h"

/// True for text that upstream's parser does not come back from. Bytecode has no brackets to count;
/// upstream's reader bounds it itself.
static bool endsParser(const llvm::MemoryBuffer &file) {
  if (file.getBuffer().starts_with("ML\xefR"))
    return false;
  auto refuse = [&](fovea::TextPlace place, const llvm::Twine &what) {
    llvm::errs() << file.getBufferIdentifier() << ":" << place.line << ":" << place.column
                 << ": error: " << what << "\n";
    return true;
  };
  if (auto deep = fovea::findDeepNesting(file.getBuffer(), fovea::kMaxNesting))
    return refuse(*deep, "text nested deeper than " + llvm::Twine(fovea::kMaxNesting) + " levels");
  auto broken = fovea::findBrokenDimensions(file.getBuffer());
  return broken && refuse(*broken, "expected a list of integers");
}

int main(int argc, char **argv) {
  mlir::DialectRegistry registry;
  fovea::registerEverything(registry);
  auto [input, output] =
      mlir::registerAndParseCLIOptions(argc, argv, "Fovea optimizer driver\n", registry);
  mlir::MlirOptMainConfig config = mlir::MlirOptMainConfig::createFromCLOptions();
  if (config.shouldShowDialects() || config.shouldListPasses())
    return mlir::asMainReturnCode(mlir::MlirOptMain(argc, argv, input, output, registry));
  std::string message;
  std::unique_ptr<llvm::MemoryBuffer> file = mlir::openInputFile(input, &message);
  std::unique_ptr<llvm::ToolOutputFile> result =
      file ? mlir::openOutputFile(output, &message) : nullptr;
  if (!result) {
    llvm::errs() << message << "\n";
    return EXIT_FAILURE;
  }
  if (endsParser(*file) ||
      failed(mlir::MlirOptMain(result->os(), std::move(file), registry, config)))
    return EXIT_FAILURE;
  result->keep();
  return EXIT_SUCCESS;
}
