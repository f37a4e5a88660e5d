//===- Target.h - what a model is compiled for ----------------------------===//
//
// The interface of all targets: how a module gets to code, where that code runs, and what the
// target can and cannot do. The driver, the command line and the C interface know targets by it
// alone; docs/Rationale/Targets.md says why it is as it is.
//
// A target either makes code, which the runtime loads from an artefact, or evaluates modules in the
// compiler's process. compiler/Driver/TargetRegistry.cpp lists them.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_TARGETS_TARGET_H
#define FOVEA_COMPILER_TARGETS_TARGET_H

#include "compiler/Base/Phases.h"
#include "compiler/Base/Problem.h"
#include "compiler/Base/WeightStore.h"
#include "compiler/Data/Tensor.h"
#include "runtime/Artifact/Format.h"
#include "runtime/Artifact/Manifest.h"

#include "mlir/Pass/PassManager.h"
#include "llvm/ADT/SmallVector.h"

#include <optional>
#include <string>
#include <vector>

namespace fovea {

/// Where runs take place, in the terms of fovea_runtime.h.
struct Placement {
  /// Kind of device, as fovea_device_open knows it: "cpu", "cuda".
  std::string device;
  /// Where arena, weights, inputs and outputs of a run lie.
  fvm::MemorySpace memory = fvm::MemorySpace::Host;
  /// Runs are queued on a fovea_stream; without, a run has ended when its call returns.
  bool streams = false;
};

/// Code of one section of an artefact.
struct CodeSection {
  /// The section's target: "cpu", later a GPU architecture. Distinct within an artefact.
  std::string target;
  fvm::MemorySpace memory = fvm::MemorySpace::Host;
  uint64_t alignment = 64;
  llvm::SmallVector<char, 0> bytes;
};

/// What emission leaves. The first section is what --emit=so writes.
struct Emission {
  std::vector<CodeSection> sections;
  /// What a machine must be and have to run the code.
  fvm::Target machine;
  /// The code before the link, and texts as far as they were asked for.
  llvm::SmallVector<char, 0> object;
  std::string llvmIr, assembly;
  /// What the artefact lacks that it could have, and why; a sentence each, for its ledger.
  std::vector<std::string> notes;
};

struct EmissionOptions {
  /// 0 to 3.
  unsigned optimization = 3;
  bool keepLlvmIr = false, keepAssembly = false;
  /// Instrument loads and stores of the code.
  bool addressSanitizer = false;
  /// NVIDIA's assembler, for targets that need it; empty: where it usually is.
  std::string ptxas;
};

/// What products of a recurrence read of constant weights.
enum class RecurrentWeights {
  /// The weights as the model has them.
  Stored,
  /// Integers of 8 bits with a scale for each channel, where the target has dots of such.
  I8,
};

/// Forms of the ledger's records of recurrent weights when I8 is asked for.
inline constexpr llvm::StringLiteral kRoundedWeight = "i8_weight", kStoredWeight = "stored_weight";

/// What products of f32 with f32 are computed from.
enum class Products {
  /// The operands as they are.
  Exact,
  /// Operands rounded to tf32, 10 bits behind the point, where a form for tensor cores applies.
  Tf32,
};

/// What phases are to do.
struct PhaseOptions {
  RecurrentWeights recurrentWeights = RecurrentWeights::Stored;
  /// Anything but Exact is for targets with roundsProducts() alone.
  Products products = Products::Exact;
  /// Blocks that a device runs at the same time, for which keys are split; 0: as many as targets of
  /// devices take themselves.
  int64_t deviceBlocks = 0;
};

/// Where an evaluation rounds.
enum class Rounding {
  /// Nowhere: f32, f16 and bf16 are computed as doubles, and float results are f64.
  None,
  /// After every operation, to its type: what a plain program computes.
  Storage,
  /// Nowhere but in the recurrent products of LSTM and GRU, whose weights and states become 8-bit
  /// integers as RecurrentWeights::I8 makes them.
  Recurrent,
  /// Nowhere but in attention's weights, which are rounded to the values' type before they are
  /// multiplied, as products of 16-bit floats on tensor cores take them.
  AttentionWeights,
  /// Nowhere but in f32 operands of contractions and of recurrences' products, which are rounded as
  /// Products::Tf32 allows. Gates of a state that lie in panels are not, and lose nothing by it.
  ProductOperands,
};

/// Why an evaluation stopped.
struct EvaluationFailure {
  /// The target has no rule for it; otherwise the data or a limit stopped the run.
  bool unsupported = false;
  std::string node, message;
};

/// One thing that `fovea doctor` says.
struct Finding {
  bool good;
  std::string subject, text;
};

/// Immutable; every function may be called from several threads at once.
class Target {
public:
  virtual ~Target();

  /// What --target calls it.
  virtual llvm::StringRef name() const = 0;
  /// One line for people, without a full stop.
  virtual llvm::StringRef summary() const = 0;
  virtual Placement placement() const = 0;
  /// Name of the target that runs the same kernels on this processor, and checks them; its own
  /// where it does, empty where none does.
  virtual llvm::StringRef emulator() const { return {}; }

  /// What keeps this build on this machine from compiling for the target; nothing when it can.
  virtual std::optional<Problem> unavailable() const { return std::nullopt; }
  /// What in these options keeps the target from emitting here; nothing when it can.
  virtual std::optional<Problem> refuses(const EmissionOptions &) const { return std::nullopt; }
  /// What the target can do here with these options, for `fovea doctor`.
  virtual std::vector<Finding> examine(const EmissionOptions &options) const = 0;

  /// The phases from import to emission, in order; empty for a target that evaluates.
  virtual llvm::ArrayRef<Phase> phases() const { return {}; }
  bool makesArtifacts() const { return !phases().empty(); }
  /// Whether phases can have products as Products::Tf32 says.
  virtual bool roundsProducts() const { return false; }
  /// The last phase that a compilation for the target can stop after.
  Phase lastPhase() const { return makesArtifacts() ? phases().back() : Phase::Import; }
  /// Adds the passes that lead to `phase`, one of phases(), from the one before. Only for an
  /// available target.
  virtual void addPhase(mlir::OpPassManager &manager, Phase phase,
                        const PhaseOptions &options) const;
  /// Turns a module behind the last phase into code. Only for an available target that has phases.
  virtual llvm::Expected<Emission> emit(mlir::ModuleOp module,
                                        const EmissionOptions &options) const;

  /// Computes an entry of a verified module as it left import, in this process. `inputs` are as the
  /// entry's arguments say. Failure with `why`; always for a target that makes artefacts.
  virtual mlir::FailureOr<std::vector<Tensor>>
  evaluate(mlir::ModuleOp module, const WeightStore &weights, llvm::StringRef entry,
           llvm::ArrayRef<Tensor> inputs, Rounding rounding, EvaluationFailure &why) const;
};

} // namespace fovea

#endif // FOVEA_COMPILER_TARGETS_TARGET_H
