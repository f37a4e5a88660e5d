//===- Importer.h - state of one import -----------------------------------===//
//
// Values of a model as the importer knows them, the node being imported, and the walk over graphs.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_FRONTENDS_ONNX_IMPORTER_H
#define FOVEA_COMPILER_FRONTENDS_ONNX_IMPORTER_H

#include "compiler/Frontends/Import.h"
#include "compiler/Frontends/Onnx/Emitter.h"
#include "compiler/Frontends/Onnx/TensorData.h"

namespace onnx {
class AttributeProto;
class GraphProto;
class NodeProto;
class ValueInfoProto;
} // namespace onnx

namespace fovea::onnx_frontend {

/// Elements of a small integer tensor as size expressions, row-major.
using Integers = std::vector<SizeExpr>;

/// A value of the model: its type, and one or more of an SSA value, a constant and, for integer and
/// bool tensors of few elements, its elements as expressions.
struct Tensor {
  Dtype dtype = Dtype::None;
  Sizes shape;
  mlir::Value value;
  ConstantPtr constant;
  std::shared_ptr<const Integers> integers;

  int64_t rank() const { return shape.size(); }
  /// The extents when all are static.
  std::optional<Shape> staticShape() const;
  /// True when the elements are known without a run, as constants or expressions.
  bool isFoldable() const { return constant || integers; }
};

/// Tensors with more elements are not tracked as expressions.
inline constexpr int64_t kMaxIntegers = 1024;
/// Elementwise operations are evaluated at import up to this many elements.
inline constexpr int64_t kMaxFolded = 1 << 20;

class Importer;

/// The node being imported: inputs, attributes, results and complaints.
class Node {
public:
  Node(Importer &importer, const onnx::NodeProto &proto);

  llvm::StringRef op() const;
  unsigned inputCount() const { return inputs.size(); }
  unsigned outputCount() const { return outputNames.size(); }
  /// False for an input that is left out.
  bool has(unsigned input) const { return input < inputs.size() && inputs[input]; }
  bool wants(unsigned output) const {
    return output < outputNames.size() && !outputNames[output].empty();
  }
  const Tensor &in(unsigned input) const { return *inputs[input]; }
  /// The input as an SSA value.
  mlir::Value value(unsigned input);
  /// Elements of an integer input; reads them at run time when they are not known. Nothing, with a
  /// problem, when there are unknown many.
  std::optional<Integers> integers(unsigned input);
  /// The same where all must be known at import.
  std::optional<llvm::SmallVector<int64_t>> constants(unsigned input);

  using Import = mlir::LogicalResult (*)(Node &);
  /// What the node gives with `known` as an input; no outputs, with problems, when it cannot be.
  void importCase(unsigned input, const Tensor &known, Import import, std::vector<Tensor> &outputs);

  void set(unsigned output, Tensor tensor);
  /// Sets a result that is an SSA value.
  void set(unsigned output, Dtype dtype, llvm::ArrayRef<SizeExpr> shape, mlir::Value value);

  /// Attributes; a wrong type is a problem that `finish` reports.
  bool hasAttr(llvm::StringRef name) const { return find(name) != nullptr; }
  int64_t intAttr(llvm::StringRef name, int64_t absent);
  double floatAttr(llvm::StringRef name, double absent);
  std::string stringAttr(llvm::StringRef name, llvm::StringRef absent);
  std::optional<llvm::SmallVector<int64_t>> intsAttr(llvm::StringRef name);
  llvm::SmallVector<double> floatsAttr(llvm::StringRef name);
  llvm::SmallVector<std::string> stringsAttr(llvm::StringRef name);
  ConstantPtr tensorAttr(llvm::StringRef name);
  const onnx::GraphProto *graphAttr(llvm::StringRef name);

  /// Brings an axis into [0, rank); nothing, with a problem, when it is outside [-rank, rank).
  std::optional<int64_t> axis(int64_t value, int64_t rank);
  std::optional<llvm::SmallVector<int64_t>> axes(llvm::ArrayRef<int64_t> values, int64_t rank);

  /// Reports a problem with the node; always failure.
  mlir::LogicalResult fail(llvm::StringRef code, const llvm::Twine &what,
                           const llvm::Twine &why = "");
  /// FV0201 and FV0103, the most frequent ones.
  mlir::LogicalResult badShape(const llvm::Twine &what) { return fail("FV0201", what); }
  mlir::LogicalResult unsupported(const llvm::Twine &what) { return fail("FV0103", what); }

  Importer &importer;
  Emitter &e;
  mlir::ImplicitLocOpBuilder &b;
  SizeContext &sizes;
  const onnx::NodeProto &proto;
  int64_t opset;
  std::string name;

private:
  friend class Importer;
  const onnx::AttributeProto *find(llvm::StringRef name) const;
  void malformed(llvm::StringRef name);

  llvm::SmallVector<const Tensor *> inputs;
  llvm::SmallVector<std::string> outputNames;
  std::vector<Tensor> results;
  std::string malformedAttr;
};

class Importer {
public:
  Importer(mlir::MLIRContext *context, llvm::StringRef path, const ImportOptions &options,
           WeightStore &weights, Problems &problems, std::shared_ptr<onnx::ModelProto> model);

  mlir::OwningOpRef<mlir::ModuleOp> run(ImportSummary &summary);
  /// Refuses external data.
  void forbidFiles() { files.forbid(); }

  /// The tensor as an SSA value of its static type.
  mlir::Value materialize(const Tensor &tensor);
  /// Elements of an integer or bool tensor when they are known without a run.
  std::shared_ptr<const Integers> knownIntegers(const Tensor &tensor);

  /// Imports the graph's nodes in a new scope; the outputs' tensors, or nothing with problems.
  std::optional<std::vector<Tensor>> importBody(const onnx::GraphProto &graph);
  /// Shape that the graph being imported declares for a value; empty when it declares none.
  std::optional<llvm::SmallVector<std::optional<int64_t>>> declaredShape(llvm::StringRef value);
  /// Replaces sizes that come from data by the ones declared for the node's output, and requires
  /// them.
  Sizes withDeclared(Node &node, unsigned output, Sizes shape);
  /// Checks the bytes of a result's static extents.
  bool acceptable(const Tensor &tensor) const;

  void report(Problem problem);
  /// A remark for the summary; each is given once.
  void note(const std::string &text) {
    if (!llvm::is_contained(notes, text))
      notes.push_back(text);
  }

  SizeContext sizes;
  Emitter emitter;
  ExternalFiles files;
  std::shared_ptr<onnx::ModelProto> model;
  int64_t opset = 0;
  std::string path;
  Problems *problems;

private:
  struct Scope {
    llvm::StringMap<Tensor> values;
    const onnx::GraphProto *graph;
    llvm::StringMap<const onnx::ValueInfoProto *> declared;
  };

  bool checkOperators(const onnx::GraphProto &graph);
  bool readOpset();
  bool fixDims();
  bool declareInputs(const onnx::GraphProto &graph);
  std::optional<Tensor> declareInput(const onnx::ValueInfoProto &info);
  bool addInitializers(const onnx::GraphProto &graph, Scope &scope);
  bool importNodes(const onnx::GraphProto &graph);
  bool importNode(const onnx::NodeProto &proto);
  bool bindInputs(Node &node);
  bool storeResults(Node &node);
  bool finish(const onnx::GraphProto &graph, std::vector<Tensor> outputs);
  void annotate(mlir::func::FuncOp entry, const onnx::GraphProto &graph,
                llvm::ArrayRef<Tensor> outputs);
  bool verify();
  void removeUnused();
  const Tensor *lookup(llvm::StringRef name) const;
  mlir::Value weight(const ConstantPtr &constant);
  bool complain(llvm::StringRef code, const llvm::Twine &what, const llvm::Twine &remedy = "");

  const ImportOptions &options;
  WeightStore &weights;
  mlir::OwningOpRef<mlir::ModuleOp> module;
  mlir::SymbolTable *symbols = nullptr;
  std::vector<Scope> scopes;
  llvm::StringMap<int64_t> usedDims;
  std::vector<std::pair<std::string, Tensor>> arguments;
  llvm::DenseMap<const Constant *, mlir::Value> constants;
  std::vector<ConstantPtr> keptConstants;
  std::vector<std::pair<std::string, ConstantPtr>> keptWeights;
  std::vector<std::string> notes;
  int64_t nodeCount = 0;
};

/// Code that a run may pass by: while one lives, operations go into a new block of `region`,
/// complaints to `problems`, and what is required there is taken for proven.
class Alternative {
public:
  Alternative(Importer &importer, mlir::Region &region, Problems &problems)
      : importer(importer), nested(importer.emitter), scope(importer.sizes),
        outer(std::exchange(importer.problems, &problems)) {
    importer.emitter.b.setInsertionPointToStart(&region.emplaceBlock());
  }
  ~Alternative() { importer.problems = outer; }

private:
  Importer &importer;
  Emitter::Nested nested;
  SizeContext::Scope scope;
  Problems *outer;
};

} // namespace fovea::onnx_frontend

#endif // FOVEA_COMPILER_FRONTENDS_ONNX_IMPORTER_H
