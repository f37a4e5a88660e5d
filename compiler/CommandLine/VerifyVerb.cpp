//===- VerifyVerb.cpp - fovea verify --------------------------------------===//
//
// Runs the compiled model and a reference on the same inputs, and compares.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/CommandLine/Build.h"
#include "compiler/CommandLine/Judgement.h"
#include "compiler/CommandLine/OnnxReference.h"
#include "compiler/CommandLine/TextTable.h"
#include "compiler/CommandLine/Verbs.h"
#include "compiler/Driver/TargetRegistry.h"

#include "llvm/Support/raw_ostream.h"

using namespace fovea;
using namespace fovea::cli;

/// Where the module's kernels round although the operations do not.
static std::vector<Rounding> roundingsOf(const Artifact &artifact) {
  std::vector<Rounding> roundings;
  if (!artifact.rounded.empty())
    roundings.push_back(Rounding::Recurrent);
  auto rounds = [&](llvm::StringRef what) {
    return llvm::any_of(ledgerRecords(artifact.ledger), [&](const llvm::json::Object &record) {
      return record.getString("rounds") == what;
    });
  };
  if (rounds("weights"))
    roundings.push_back(Rounding::AttentionWeights);
  if (rounds("operands"))
    roundings.push_back(Rounding::ProductOperands);
  return roundings;
}

/// What such rounding may do to each output: twice what it does in double precision; 0 where
/// nothing was rounded, and where there is no model to tell.
static llvm::Expected<std::vector<double>>
allowedByRounding(Build *build, const Signature &signature, llvm::ArrayRef<Tensor> inputs) {
  std::vector<double> allowed(signature.outputs.size());
  if (!build || !build->isFinished())
    return allowed;
  std::vector<Rounding> roundings = roundingsOf(build->artifact());
  if (roundings.empty())
    return allowed;
  const Target &oracle = *findTarget("reference");
  auto exact = evaluate(*build, oracle, signature, inputs, Rounding::None);
  if (!exact)
    return exact.takeError();
  for (Rounding rounding : roundings) {
    auto rounded = evaluate(*build, oracle, signature, inputs, rounding);
    if (!rounded)
      return rounded.takeError();
    for (auto [output, plain, value] : llvm::zip_equal(allowed, *exact, *rounded)) {
      llvm::Expected<Comparison> spread = compare(value, plain);
      if (!spread)
        return spread.takeError();
      output += 2 * spread->maxAbs;
    }
  }
  return allowed;
}

static llvm::Expected<std::vector<Judgement>>
judgeByInterpreter(Build &build, const Signature &signature, llvm::ArrayRef<Tensor> inputs,
                   llvm::ArrayRef<Tensor> got, llvm::ArrayRef<double> allowed) {
  const Target &oracle = *findTarget("reference");
  auto exact = evaluate(build, oracle, signature, inputs, Rounding::None);
  if (!exact)
    return exact.takeError();
  auto plain = evaluate(build, oracle, signature, inputs, Rounding::Storage);
  if (!plain)
    return plain.takeError();
  std::vector<Judgement> judgements;
  for (size_t index = 0; index < got.size(); ++index) {
    llvm::Expected<Judgement> judgement =
        judge(got[index], (*exact)[index], (*plain)[index], allowed[index]);
    if (!judgement) {
      judgements.emplace_back().reason = llvm::toString(judgement.takeError());
      continue;
    }
    judgements.push_back(std::move(*judgement));
  }
  return judgements;
}

/// Judges by tensors under the outputs' names.
static std::vector<Judgement> judgeByNames(const Signature &signature,
                                           llvm::ArrayRef<NamedTensor> expected,
                                           llvm::ArrayRef<Tensor> got,
                                           llvm::ArrayRef<double> allowed) {
  std::vector<Judgement> judgements;
  for (auto [tensor, declared, more] : llvm::zip(got, signature.outputs, allowed)) {
    const std::string &name = declared.name;
    auto *found = llvm::find_if(expected, [&](auto &item) { return item.name == name; });
    if (found == expected.end()) {
      judgements.emplace_back().reason = "the reference has no output of this name";
      continue;
    }
    llvm::Expected<Judgement> judgement = judgeByGiven(tensor, found->tensor, more);
    if (!judgement) {
      judgements.emplace_back().reason = llvm::toString(judgement.takeError());
      continue;
    }
    judgements.push_back(std::move(*judgement));
  }
  return judgements;
}

static llvm::Expected<std::vector<Judgement>> judgeAll(const Invocation &invocation, Build *build,
                                                       const Signature &signature,
                                                       llvm::ArrayRef<Tensor> inputs,
                                                       llvm::ArrayRef<Tensor> got) {
  llvm::StringRef reference = invocation.reference;
  auto allowed = allowedByRounding(build, signature, inputs);
  if (!allowed)
    return allowed.takeError();
  if (reference == "reference")
    return judgeByInterpreter(*build, signature, inputs, got, *allowed);
  if (reference == "onnx") {
    auto expected = runOnnxReference(invocation, signature, inputs);
    if (!expected)
      return expected.takeError();
    return judgeByNames(signature, *expected, got, *allowed);
  }
  llvm::Expected<std::vector<NamedTensor>> expected = readNpz(reference.drop_front());
  if (!expected)
    return failure(kInput, "--ref", expected.takeError());
  return judgeByNames(signature, *expected, got, *allowed);
}

static llvm::Expected<Exit> show(const Invocation &invocation, const Signature &signature,
                                 llvm::ArrayRef<Judgement> judgements) {
  TextTable table({"output", "max abs", "max rel", "ULP p99", "cosine", "tolerance", "verdict"});
  llvm::json::Array list;
  bool passed = true;
  for (auto [judgement, declared] : llvm::zip(judgements, signature.outputs)) {
    const Comparison &numbers = judgement.comparison;
    std::string verdict = judgement.passed ? "PASS" : "FAIL";
    if (!judgement.reason.empty())
      verdict += " (" + judgement.reason + ")";
    table.add({declared.name, shortNumber(numbers.maxAbs), shortNumber(numbers.maxRel),
               shortNumber(numbers.ulpP99), shortNumber(numbers.cosine),
               shortNumber(judgement.tolerance), verdict});
    list.push_back(llvm::json::Object{{"name", declared.name},
                                      {"max_abs", jsonNumber(numbers.maxAbs)},
                                      {"max_rel", jsonNumber(numbers.maxRel)},
                                      {"ulp_p99", jsonNumber(numbers.ulpP99)},
                                      {"cosine", jsonNumber(numbers.cosine)},
                                      {"tolerance", jsonNumber(judgement.tolerance)},
                                      {"nan_mismatches", numbers.nanMismatches},
                                      {"inf_mismatches", numbers.infMismatches},
                                      {"worst", numbers.worst},
                                      {"reason", judgement.reason},
                                      {"passed", judgement.passed}});
    passed &= judgement.passed;
  }
  if (!invocation.json)
    table.print();
  llvm::json::Object result{
      {"passed", passed}, {"reference", invocation.reference}, {"outputs", std::move(list)}};
  if (llvm::Error error = invocation.report(std::move(result)))
    return error;
  return passed ? kOk : kDiffers;
}

/// Fails when passes of the user have changed what an entry takes and gives: the reference is the
/// module before them.
static llvm::Error checkInterface(Build &build, const Signature &compiled) {
  llvm::Expected<Signature> original = signatureOf(build.imported(), compiled.entry);
  if (!original)
    return original.takeError();
  auto same = [](const TensorSignature &one, const TensorSignature &other) {
    return one.name == other.name && one.dtype == other.dtype && one.shape == other.shape;
  };
  auto all = [&](llvm::ArrayRef<TensorSignature> one, llvm::ArrayRef<TensorSignature> other) {
    return llvm::equal(one, other, same);
  };
  if (all(original->inputs, compiled.inputs) && all(original->outputs, compiled.outputs))
    return llvm::Error::success();
  return failure(kInput,
                 "passes of --after have changed the inputs or outputs of '" + compiled.entry +
                     "', the reference is the module before them",
                 "verify a pass that keeps them");
}

llvm::Expected<Exit> cli::verifyModel(const Invocation &invocation) {
  if (invocation.isArtifact() && invocation.reference == "reference")
    return failure(kUsage, "an artefact has no module to evaluate",
                   "verify the model itself, or --ref=@expected.npz");
  bool evaluates = !invocation.isArtifact() && !invocation.target().makesArtifacts();
  if (evaluates && invocation.target().name() == invocation.reference)
    return failure(kUsage, "--target=" + invocation.reference + " would be compared with itself",
                   "--ref=onnx or --ref=@expected.npz");
  Loaded loaded;
  llvm::Expected<Signature> signature = Signature();
  if (evaluates) {
    loaded.build = std::make_unique<Build>(invocation);
    if (llvm::Error error = loaded.build->read())
      return error;
    signature = signatureOf(loaded.build->imported(), invocation.entry);
  } else {
    llvm::Expected<Loaded> made = load(invocation);
    if (!made)
      return made.takeError();
    loaded = std::move(*made);
    signature = loaded.program->signature(invocation.entry);
  }
  if (!signature)
    return signature.takeError();
  if (!invocation.compile.userPasses.pipelines.empty() && invocation.reference == "reference")
    if (llvm::Error error = checkInterface(*loaded.build, *signature))
      return error;
  auto inputs = makeInputs(*signature, invocation);
  if (!inputs)
    return inputs.takeError();
  auto got = evaluates ? evaluate(*loaded.build, invocation.target(), *signature, *inputs,
                                  Rounding::Storage)
                       : loaded.program->run(*signature, *inputs);
  if (!got)
    return got.takeError();
  auto judgements = judgeAll(invocation, loaded.build.get(), *signature, *inputs, *got);
  if (!judgements)
    return judgements.takeError();
  return show(invocation, *signature, *judgements);
}
