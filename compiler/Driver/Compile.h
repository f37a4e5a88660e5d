//===- Compile.h - a model in, an artefact out ----------------------------===//
//
// The compiler as a library: reads a model, runs the phases, emits code and packs the artefact.
// Everything that the command line and the C interface offer is made of this.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_DRIVER_COMPILE_H
#define FOVEA_COMPILER_DRIVER_COMPILE_H

#include "compiler/Base/Problem.h"
#include "compiler/Base/WeightStore.h"
#include "compiler/Driver/UserPasses.h"
#include "compiler/Frontends/Import.h"
#include "compiler/Targets/Target.h"

#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/OwningOpRef.h"
#include "llvm/ADT/StringMap.h"

#include <memory>
#include <string>
#include <vector>

namespace fovea {

struct CompileOptions {
  /// A name of TargetRegistry.h.
  std::string target = "host";
  /// The target's kernels are to run on this processor, by the target that emulates it.
  bool emulate = false;
  /// Threads the artefact prefers; 0 for no preference.
  int64_t threads = 0;
  ImportOptions import;
  EmissionOptions emission;
  PhaseOptions phases;
  /// A kernel that is not computed by its best form is a problem (FV0401).
  bool requireFused = false;
  /// Folder for the module after import and each phase; empty: none.
  std::string dumpFolder;
  /// Passes of others, and where they run.
  UserPassOptions userPasses;
};

/// A recurrent weight that was rounded, and by how much: the largest error relative to its
/// channel's largest element, and the root of the errors' squares over that of the weight's.
struct RoundedWeight {
  std::string name;
  int64_t channels;
  double largestError, rmsError;
};

/// A compiled model in memory. Borrows weights from the compilation that made it.
class Artifact {
public:
  std::string manifest, ledger, llvmIr, assembly;
  std::vector<CodeSection> sections;
  llvm::SmallVector<char, 0> object;
  /// The first section's code.
  llvm::ArrayRef<char> code() const { return sections.front().bytes; }
  uint64_t codeBytes() const;
  uint64_t weightBytes() const;

  /// Writes the .fvm beside and renames; empty on success, else the reason.
  std::string save(const std::string &path) const;
  /// The .fvm in memory; empty with a reason on failure.
  std::vector<std::byte> bytes(std::string &reason) const;

  /// A weight's bytes, borrowed or owned, and the zeros behind it.
  struct Weight {
    llvm::ArrayRef<uint8_t> borrowed;
    std::vector<uint8_t> owned;
    uint64_t padding = 0;
    llvm::ArrayRef<uint8_t> data() const {
      return owned.empty() ? borrowed : llvm::ArrayRef<uint8_t>(owned);
    }
  };
  std::vector<Weight> weights;
  std::vector<RoundedWeight> rounded;
  /// Emission::notes.
  std::vector<std::string> notes;
};

/// Elapsed time of a step, for the driver's report.
struct Step {
  std::string name;
  double seconds;
};

/// One model on its way through the phases. Not thread-safe; several may exist at once.
class Compilation {
public:
  explicit Compilation(CompileOptions options);
  ~Compilation();

  /// Reads an ONNX file, a Hugging Face folder or an MLIR module at whatever phase it was stopped.
  bool read(llvm::StringRef path);
  /// Reads an ONNX model from memory; `name` stands for the file in messages.
  bool readOnnx(llvm::ArrayRef<uint8_t> bytes, llvm::StringRef name);
  /// Reads a module given as text; `name` stands for the file in messages.
  bool readText(llvm::StringRef text, llvm::StringRef name);

  /// Runs the target's phases up to `phase`, those that the module has behind it excepted, and
  /// behind each what the user wants there; at the first call also what stands behind the phase
  /// that the module came with.
  bool runTo(Phase phase);

  /// Emits code and packs the artefact; runs the remaining phases before. Null with problems, one
  /// of them FV0322 when the target makes no artefacts.
  std::unique_ptr<Artifact> finish();

  mlir::ModuleOp module() { return *owned; }
  const WeightStore &weights() const { return store; }
  const ImportSummary &summary() const { return imported; }
  const Problems &problems() const { return complaints; }
  const std::vector<Step> &steps() const { return times; }
  /// What to say if this compilation has crashed.
  Problem describeCrash() const;

  /// Writes the module as text with its weights in `path`.weights.safetensors beside it; empty on
  /// success, else the reason. "-" is stdout, which has no place for weights.
  std::string writeModule(const std::string &path);

private:
  bool fail(Problem problem);
  bool begin(llvm::StringRef name);
  bool tookModule();
  bool checkPipelines();
  bool checkPhaseOptions();
  bool checkProducts();
  bool checkTarget();
  bool runPhase(Phase phase);
  bool leave(Phase phase);
  bool blameModule();
  bool dump(Phase phase);

  CompileOptions options;
  /// Null when the target's name is not known.
  const Target *chosen;
  std::unique_ptr<mlir::MLIRContext> context;
  mlir::OwningOpRef<mlir::ModuleOp> owned;
  WeightStore store;
  ImportSummary imported;
  Problems complaints;
  std::vector<Step> times;
  std::string source;
  UserPasses userPasses;
  /// The module had phases behind it when it was read.
  bool resumed = false;
  /// Passes of the user have changed the module.
  bool changed = false;
  /// runTo has been called.
  bool started = false;
  /// The target can be compiled for with these options.
  bool targetChecked = false;
};

/// The same for a module that a compilation keeps beside its own.
std::string writeModule(mlir::ModuleOp module, const WeightStore &store, const std::string &path);

} // namespace fovea

#endif // FOVEA_COMPILER_DRIVER_COMPILE_H
