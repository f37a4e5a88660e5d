//===- Import.h - what every frontend offers ------------------------------===//
//
// A frontend reads one kind of model file and gives a module of fovea and upstream tensor-level
// operations with one entry function (docs/Spec.md, "Modules").
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_FRONTENDS_IMPORT_H
#define FOVEA_COMPILER_FRONTENDS_IMPORT_H

#include "compiler/Base/Problem.h"
#include "compiler/Base/WeightStore.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"
#include "llvm/ADT/StringMap.h"

namespace fovea {

struct ImportOptions {
  /// Values for symbolic dimensions, by name; the dimension becomes static.
  llvm::StringMap<int64_t> dims;
};

/// What a frontend read, for the driver's first line.
struct ImportSummary {
  /// "opset 17, 412 nodes", "bert, 6 layers".
  std::string text;
  uint64_t weightBytes = 0;
};

/// Reads an ONNX model. All problems are collected; null when there is any.
mlir::OwningOpRef<mlir::ModuleOp> importOnnx(mlir::MLIRContext &context, llvm::StringRef path,
                                             const ImportOptions &options, WeightStore &weights,
                                             ImportSummary &summary, Problems &problems);

/// The same for a model in memory, which cannot have external data; `name` stands for the file.
mlir::OwningOpRef<mlir::ModuleOp>
importOnnxBytes(mlir::MLIRContext &context, llvm::ArrayRef<uint8_t> bytes, llvm::StringRef name,
                const ImportOptions &options, WeightStore &weights, ImportSummary &summary,
                Problems &problems);

/// Reads a Hugging Face folder (config.json and safetensors). As above.
mlir::OwningOpRef<mlir::ModuleOp>
importHuggingFace(mlir::MLIRContext &context, llvm::StringRef folder, const ImportOptions &options,
                  WeightStore &weights, ImportSummary &summary, Problems &problems);

/// Reads a module in MLIR text form; weights with a file source are resolved beneath its folder.
mlir::OwningOpRef<mlir::ModuleOp> importMlir(mlir::MLIRContext &context, llvm::StringRef path,
                                             const ImportOptions &options, WeightStore &weights,
                                             ImportSummary &summary, Problems &problems);

} // namespace fovea

#endif // FOVEA_COMPILER_FRONTENDS_IMPORT_H
