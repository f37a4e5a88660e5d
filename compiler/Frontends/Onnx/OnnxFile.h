//===- OnnxFile.h - the one place that opens files of an ONNX model -------===//
//
// Reads the model file with limits on size and nesting, and external data beneath its folder.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_FRONTENDS_ONNX_ONNXFILE_H
#define FOVEA_COMPILER_FRONTENDS_ONNX_ONNXFILE_H

#include "compiler/Base/Problem.h"

#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/MemoryBuffer.h"

#include <memory>
#include <string>

namespace onnx {
class ModelProto;
}

namespace fovea::onnx_frontend {

/// Deepest nesting of graphs in attributes.
inline constexpr int kMaxGraphDepth = 32;

/// Parses the file; null, with a problem, when it is no model or beyond the limits.
std::shared_ptr<onnx::ModelProto> readModel(llvm::StringRef path, Problems &problems);
/// The same for bytes; `name` stands for the file in messages.
std::shared_ptr<onnx::ModelProto> parseModel(llvm::ArrayRef<uint8_t> bytes, llvm::StringRef name,
                                             Problems &problems);

/// Opens external data. Only regular files with one hard link, beneath the model's folder and
/// reached without symbolic links, are opened; the links of the Hugging Face cache to its blobs are
/// followed.
class ExternalFiles {
public:
  explicit ExternalFiles(llvm::StringRef modelPath);

  /// From now on no file is opened: the model has no folder.
  void forbid() { forbidden = true; }

  /// The file's contents, or null and the reason in `why`.
  std::shared_ptr<llvm::MemoryBuffer> open(llvm::StringRef location, std::string &why);

private:
  std::string folder;
  bool forbidden = false;
  llvm::StringMap<std::shared_ptr<llvm::MemoryBuffer>> files;
};

} // namespace fovea::onnx_frontend

#endif // FOVEA_COMPILER_FRONTENDS_ONNX_ONNXFILE_H
