//===- Execution.h - one evaluation under way -----------------------------===//
//
// What rules work with: values in numbered slots, memory under a budget, errors, and regions to
// run. Every operation has one rule, found by its name when its function is planned.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_TARGETS_REFERENCE_EXECUTION_H
#define FOVEA_COMPILER_TARGETS_REFERENCE_EXECUTION_H

#include "compiler/Targets/Reference/LaneProgram.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/DenseMap.h"

namespace fovea::reference {

class Execution;
class OpRun;
using Data = llvm::SmallVector<Datum, 2>;
using Rule = mlir::LogicalResult (*)(OpRun &);
using RuleTable = llvm::StringMap<Rule>;

void addTensorRules(RuleTable &table);
void addSliceRules(RuleTable &table);
void addLinalgRules(RuleTable &table);
void addControlRules(RuleTable &table);
void addModuleRules(RuleTable &table);
void addAttentionRule(RuleTable &table);
void addContractRule(RuleTable &table);
void addNormRules(RuleTable &table);
void addRnnRule(RuleTable &table);
void addLstmRule(RuleTable &table);
void addGruRule(RuleTable &table);

struct PlannedOp;

/// A region's block with slots for its arguments.
struct PlannedBlock {
  PlannedBlock() = default;
  PlannedBlock(PlannedBlock &&) = default;
  PlannedBlock(const PlannedBlock &) = delete;
  llvm::SmallVector<unsigned, 4> arguments;
  /// The terminator is the last one.
  std::vector<PlannedOp> ops;
};

/// An operation ready to run.
struct PlannedOp {
  PlannedOp() = default;
  PlannedOp(PlannedOp &&) = default;
  PlannedOp(const PlannedOp &) = delete;

  mlir::Operation *op = nullptr;
  Rule rule = nullptr;
  llvm::SmallVector<unsigned, 4> operands;
  llvm::SmallVector<unsigned, 2> results;
  /// Per operand: nothing reads the slot afterwards, so that its value may be moved out.
  llvm::SmallVector<bool, 4> last;
  /// Slots to clear behind the operation.
  llvm::SmallVector<unsigned, 2> dead;
  /// Scalar operations: one step per result.
  llvm::SmallVector<ScalarStep, 0> steps;
  /// arith.constant: its value.
  Datum constant;
  std::vector<PlannedBlock> regions;
  /// Compiled forms of the regions, made when first asked for.
  std::vector<std::unique_ptr<LaneProgram>> programs;
};

struct PlannedFunction {
  llvm::DenseMap<mlir::Value, unsigned> slots;
  PlannedBlock body;
};

/// The values of a function's activation.
struct Frame {
  const PlannedFunction &function;
  std::vector<Datum> slots;
};

/// One evaluation: plans, weights in use, budget, and the first error.
class Execution {
public:
  Execution(mlir::ModuleOp module, const WeightStore &weights, const EvaluateOptions &options,
            RunError &error);

  /// Calls a function; `arguments` have the types that it declares.
  mlir::FailureOr<Data> call(mlir::func::FuncOp function, Data arguments);
  /// Runs a block with arguments and gives its terminator's operands.
  mlir::FailureOr<Data> run(PlannedBlock &block, Frame &frame, llvm::MutableArrayRef<Datum> args);

  /// A fresh array of zeros.
  mlir::FailureOr<Array> allocate(llvm::ArrayRef<int64_t> shape, mlir::Operation *op);
  /// Makes sure that nobody else reads the cells of `array`.
  mlir::LogicalResult makeUnique(Array &array, mlir::Operation *op);
  /// Cells of a weight; shared while anyone holds them.
  mlir::FailureOr<Array> weight(llvm::StringRef symbol, mlir::Operation *op);

  /// Keeps the first error. `fail` is for stops, `record` for checks that go on.
  mlir::LogicalResult fail(mlir::Operation *op, RunError::Kind kind, const llvm::Twine &message);
  void record(RunError error);

  Mode mode() const { return options.mode; }
  bool roundsRecurrent() const { return options.roundRecurrent; }
  bool roundsWeights() const { return options.roundWeights; }
  bool roundsOperands() const { return options.roundOperands; }
  Budget &memory() { return budget; }
  mlir::ModuleOp getModule() { return module; }

  /// Set by a fovea.proceed_if that fails because its loop ends.
  bool leavesLoop = false;

  /// Positions of the linalg operations whose regions run op by op, innermost last.
  llvm::SmallVector<llvm::ArrayRef<int64_t>> points;

private:
  mlir::FailureOr<PlannedFunction *> plan(mlir::func::FuncOp function);
  mlir::LogicalResult planBlock(mlir::Block &block, PlannedFunction &function,
                                PlannedBlock &planned, unsigned depth);
  mlir::LogicalResult planOp(mlir::Operation &op, PlannedFunction &function, PlannedOp &planned,
                             unsigned depth);

  // First, so that it outlives all arrays.
  Budget budget;
  mlir::ModuleOp module;
  const WeightStore &weights;
  const EvaluateOptions &options;
  RunError &error;
  llvm::DenseMap<mlir::Operation *, std::unique_ptr<PlannedFunction>> functions;
  llvm::StringMap<std::weak_ptr<Cell[]>> liveWeights;
  unsigned callDepth = 0;
};

/// The application of a rule to one operation.
class OpRun {
public:
  OpRun(Execution &execution, Frame &frame, PlannedOp &plan)
      : execution(execution), frame(frame), plan(plan) {}

  template <typename OpTy> OpTy as() { return llvm::cast<OpTy>(plan.op); }
  mlir::Operation *op() { return plan.op; }
  Mode mode() { return execution.mode(); }
  bool roundsRecurrent() { return execution.roundsRecurrent(); }
  bool roundsWeights() { return execution.roundsWeights(); }
  bool roundsOperands() { return execution.roundsOperands(); }

  /// Value of an operand, and of any SSA value that is visible here.
  const Datum &operand(unsigned index) { return frame.slots[plan.operands[index]]; }
  const Datum &value(mlir::Value value) {
    return frame.slots[frame.function.slots.find(value)->second];
  }
  const Array &array(mlir::Value value) { return this->value(value).array; }
  int64_t integer(mlir::Value value) { return this->value(value).cell.integer; }
  /// Static sizes and values of operands in their order.
  llvm::SmallVector<int64_t> integers(llvm::ArrayRef<mlir::OpFoldResult> values);

  /// An operand's value, moved out when this is its last use.
  Datum take(unsigned index);
  /// As above, with cells that may be written.
  mlir::FailureOr<Array> takeUnique(unsigned index);
  /// A destination's shape with cells that will all be overwritten.
  mlir::FailureOr<Array> takeDestination(mlir::OpOperand &init);

  void set(unsigned result, Datum datum) { frame.slots[plan.results[result]] = std::move(datum); }
  void set(unsigned result, Array array) { set(result, Datum{{0}, std::move(array)}); }
  void set(unsigned result, int64_t integer) { set(result, Datum{{integer}, {}}); }

  mlir::FailureOr<Array> allocate(llvm::ArrayRef<int64_t> shape) {
    return execution.allocate(shape, plan.op);
  }
  /// Zeroed scratch memory under the budget; null (and an error recorded) when there is none.
  std::shared_ptr<Cell[]> scratch(int64_t cells);
  mlir::LogicalResult fail(RunError::Kind kind, const llvm::Twine &message) {
    return execution.fail(plan.op, kind, message);
  }
  /// Invalid unless the index is in [0, extent).
  mlir::LogicalResult checkIndex(int64_t index, int64_t extent);

  /// Runs the block of a region.
  mlir::FailureOr<Data> run(unsigned region, llvm::MutableArrayRef<Datum> args) {
    return execution.run(plan.regions[region], frame, args);
  }
  /// The compiled form of a region's block; null when it has operations that need `run`.
  LaneProgram *program(unsigned region);

  Execution &execution;
  Frame &frame;
  PlannedOp &plan;
};

} // namespace fovea::reference

#endif // FOVEA_COMPILER_TARGETS_REFERENCE_EXECUTION_H
