//===- OnnxFile.cpp - the one place that opens files of an ONNX model -----===//
//
// Protobuf parsing under limits, and the opening of external data beneath the model's folder.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Frontends/Onnx/OnnxFile.h"

#include "compiler/Frontends/Onnx/onnx-ml.pb.h"
#include "compiler/Frontends/SafeTensors/OpenBeneath.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

using namespace fovea;
using namespace fovea::onnx_frontend;

/// Protobuf's own limit on a message.
static constexpr uint64_t kMaxModelBytes = 0x7fffffff;
static constexpr int kRecursionLimit = 100;

static std::nullptr_t refuse(llvm::StringRef path, Problems &problems, const char *code,
                             std::string what, std::string remedy = {}) {
  Problem problem;
  problem.code = code;
  problem.file = path.str();
  problem.what = std::move(what);
  problem.remedy = std::move(remedy);
  problems.push_back(std::move(problem));
  return nullptr;
}

/// Levels of graphs below this one, up to one more than the limit.
static int graphDepth(const onnx::GraphProto &graph, int depth = 1) {
  int deepest = depth;
  if (depth > kMaxGraphDepth)
    return deepest;
  for (const onnx::NodeProto &node : graph.node())
    for (const onnx::AttributeProto &attribute : node.attribute()) {
      if (attribute.has_g())
        deepest = std::max(deepest, graphDepth(attribute.g(), depth + 1));
      for (const onnx::GraphProto &inner : attribute.graphs())
        deepest = std::max(deepest, graphDepth(inner, depth + 1));
    }
  return deepest;
}

std::shared_ptr<onnx::ModelProto> fovea::onnx_frontend::readModel(llvm::StringRef path,
                                                                  Problems &problems) {
  llvm::sys::fs::file_status status;
  if (std::error_code error = llvm::sys::fs::status(path, status))
    return refuse(path, problems, "FV0001", "cannot open the file: " + error.message());
  if (status.type() != llvm::sys::fs::file_type::regular_file)
    return refuse(path, problems, "FV0001", "not a regular file");
  if (status.getSize() > kMaxModelBytes)
    return refuse(path, problems, "FV0003",
                  "the file has " + llvm::utostr(status.getSize()) +
                      " bytes, more than a protobuf message can have",
                  "save the model with external data");
  auto buffer = llvm::MemoryBuffer::getFile(path, /*IsText=*/false,
                                            /*RequiresNullTerminator=*/false);
  if (!buffer)
    return refuse(path, problems, "FV0001", "cannot read: " + buffer.getError().message());
  if ((*buffer)->getBufferSize() > kMaxModelBytes)
    return refuse(path, problems, "FV0003", "the file grew while it was read");
  return parseModel(llvm::arrayRefFromStringRef((*buffer)->getBuffer()), path, problems);
}

std::shared_ptr<onnx::ModelProto> fovea::onnx_frontend::parseModel(llvm::ArrayRef<uint8_t> bytes,
                                                                   llvm::StringRef path,
                                                                   Problems &problems) {
  if (bytes.size() > kMaxModelBytes)
    return refuse(path, problems, "FV0003", "more bytes than a protobuf message can have");
  auto model = std::make_shared<onnx::ModelProto>();
  google::protobuf::io::CodedInputStream stream(bytes.data(), static_cast<int>(bytes.size()));
  stream.SetRecursionLimit(kRecursionLimit);
  if (!model->ParseFromCodedStream(&stream) || !stream.ConsumedEntireMessage())
    return refuse(path, problems, "FV0002", "not an ONNX model: the protobuf does not parse",
                  "check that the file is complete (git-lfs pointers and broken downloads are "
                  "common)");
  if (!model->has_graph() || model->opset_import_size() == 0)
    return refuse(path, problems, "FV0002", "not an ONNX model: no graph or no opset");
  if (graphDepth(model->graph()) > kMaxGraphDepth)
    return refuse(path, problems, "FV0003",
                  "graphs are nested more than " + std::to_string(kMaxGraphDepth) + " deep");
  return model;
}

ExternalFiles::ExternalFiles(llvm::StringRef modelPath)
    : folder(llvm::sys::path::parent_path(modelPath)) {
  if (folder.empty())
    folder = ".";
}

std::shared_ptr<llvm::MemoryBuffer> ExternalFiles::open(llvm::StringRef location,
                                                        std::string &why) {
  if (forbidden) {
    why = "the model was given as bytes, which have no folder";
    return nullptr;
  }
  while (location.consume_front("./"))
    continue;
  if (auto found = files.find(location); found != files.end())
    return found->second;
  std::shared_ptr<llvm::MemoryBuffer> result =
      openBeneath(folder, location, Links::HubCache, why, /*missing=*/nullptr, /*alone=*/true);
  if (result)
    files[location] = result;
  return result;
}
