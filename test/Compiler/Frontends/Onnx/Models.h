//===- Models.h - small ONNX models for tests -----------------------------===//
//
// Builds models node by node and imports them from a folder that the test owns.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_TEST_COMPILER_FRONTENDS_ONNX_MODELS_H
#define FOVEA_TEST_COMPILER_FRONTENDS_ONNX_MODELS_H

#include "compiler/Frontends/Import.h"
#include "compiler/Frontends/Onnx/onnx-ml.pb.h"
#include "dialects/Fovea/FoveaDialect.h"
#include "test/Compiler/Frontends/SafeTensors/Files.h"

#include "llvm/Support/raw_ostream.h"

namespace fovea::test {

/// A dimension: a size, or a name.
struct Dim {
  Dim(int64_t size) : size(size) {}
  Dim(const char *name) : name(name) {}
  int64_t size = -1;
  std::string name;
};

class OnnxModel : public ::testing::Test {
protected:
  OnnxModel() {
    model.set_ir_version(10);
    model.add_opset_import()->set_version(21);
  }

  onnx::GraphProto &graph() { return *model.mutable_graph(); }

  void input(const std::string &name, std::vector<Dim> shape, int type = onnx::TensorProto::FLOAT) {
    describe(*graph().add_input(), name, shape, type);
  }

  /// An output without a declared shape.
  void output(const std::string &name) { graph().add_output()->set_name(name); }

  onnx::NodeProto &node(const std::string &op, std::vector<std::string> inputs,
                        std::vector<std::string> outputs) {
    return node(graph(), op, inputs, outputs);
  }

  static onnx::NodeProto &node(onnx::GraphProto &graph, const std::string &op,
                               std::vector<std::string> inputs, std::vector<std::string> outputs) {
    onnx::NodeProto &node = *graph.add_node();
    node.set_op_type(op);
    node.set_name(outputs.front());
    for (const std::string &name : inputs)
      node.add_input(name);
    for (const std::string &name : outputs)
      node.add_output(name);
    return node;
  }

  static void attribute(onnx::NodeProto &node, const std::string &name, int64_t value) {
    onnx::AttributeProto &attribute = *node.add_attribute();
    attribute.set_name(name);
    attribute.set_type(onnx::AttributeProto::INT);
    attribute.set_i(value);
  }

  void integers(const std::string &name, std::vector<int64_t> values) {
    onnx::TensorProto &tensor = *graph().add_initializer();
    tensor.set_name(name);
    tensor.set_data_type(onnx::TensorProto::INT64);
    tensor.add_dims(values.size());
    for (int64_t value : values)
      tensor.add_int64_data(value);
  }

  /// Imports the model; `problems` has the texts of what is wrong.
  bool import() {
    folder.write("m.onnx", model.SerializeAsString());
    return importFile();
  }

  bool importFile() {
    Problems found;
    module = importOnnx(context, (folder / "m.onnx").string(), options, weights, summary, found);
    problems.clear();
    for (const Problem &problem : found)
      problems += format(problem) + "\n";
    EXPECT_EQ(static_cast<bool>(module), found.empty()) << problems;
    return static_cast<bool>(module);
  }

  bool refused(const std::string &part) {
    return !import() && problems.find(part) != std::string::npos;
  }

  /// The types of the results: "tensor<?x4xf32>, tensor<f32>".
  std::string results() {
    std::string text;
    llvm::raw_string_ostream stream(text);
    llvm::interleaveComma(entry().getResultTypes(), stream);
    return text;
  }

  mlir::func::FuncOp entry() { return *module->getOps<mlir::func::FuncOp>().begin(); }

  template <typename OpTy> int count() {
    int found = 0;
    module->walk([&](OpTy) { ++found; });
    return found;
  }

  onnx::ModelProto model;
  mlir::MLIRContext context;
  Folder folder;
  ImportOptions options;
  WeightStore weights;
  ImportSummary summary;
  mlir::OwningOpRef<mlir::ModuleOp> module;
  std::string problems;

private:
  static void describe(onnx::ValueInfoProto &info, const std::string &name,
                       const std::vector<Dim> &shape, int type) {
    info.set_name(name);
    auto *tensor = info.mutable_type()->mutable_tensor_type();
    tensor->set_elem_type(type);
    tensor->mutable_shape();
    for (const Dim &dim : shape) {
      auto *target = tensor->mutable_shape()->add_dim();
      if (dim.size >= 0)
        target->set_dim_value(dim.size);
      else
        target->set_dim_param(dim.name);
    }
  }
};

} // namespace fovea::test

#endif // FOVEA_TEST_COMPILER_FRONTENDS_ONNX_MODELS_H
