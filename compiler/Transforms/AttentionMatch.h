//===- AttentionMatch.h - attention found in tensor algebra ---------------===//
//
// Decides whether softmax between two products is attention, and what its parts are.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_TRANSFORMS_ATTENTIONMATCH_H
#define FOVEA_COMPILER_TRANSFORMS_ATTENTIONMATCH_H

#include "compiler/Transforms/HeadLayout.h"
#include "compiler/Transforms/ScalarChain.h"

#include <vector>

namespace fovea {

/// Softmax with the products before and behind it.
struct AttentionSite {
  mlir::linalg::SoftmaxOp softmax;
  ContractOp scores;
  /// The operand of the second product that holds the probabilities.
  mlir::OpOperand *probabilities;

  ContractOp output() const { return llvm::cast<ContractOp>(probabilities->getOwner()); }
};

/// An operand of the attention: an earlier tensor in its chain of views, the factor taken off on
/// the way, and how it is seen.
struct AttentionOperand {
  TensorAccess access;
  double scale = 1;
  RankFourView view;
};

/// One attempt at one site. After success all members are set.
class AttentionMatch {
public:
  AttentionMatch(AttentionSite site, const IndexSpace::Cuts &cuts) : site(site), space(cuts) {}

  /// False, with `mismatch` set, when the site is no attention.
  bool run();

  AttentionSite site;
  IndexSpace space;
  HeadLayout layout;
  ChainCaptures captures;
  std::unique_ptr<ScalarChain> prob, score;
  mlir::Value probability, finalScore;
  AttentionOperand query, key, value, out;
  /// The operation whose result is `out`: the second product, or a transpose of its result.
  mlir::Operation *last = nullptr;
  Mismatch mismatch;

private:
  bool fail(mlir::Operation *op, const llvm::Twine &reason);
  bool nameDimensions();
  bool buildProbability();
  bool buildScore();
  bool findQueryAndKey();
  bool findLayout();
  bool checkReaders();
  bool checkSchedules();
  std::vector<AttentionOperand> earlierForms(TensorAccess access, bool mayScale);
  std::vector<std::pair<AttentionOperand, mlir::Operation *>> laterOutputs();

  llvm::SmallVector<LinearIndex> outputLoops;
  llvm::SmallVector<unsigned> batch, rows;
  unsigned keyAtom = 0;
  TensorAccess scoreQuery, scoreKey;
};

/// Products from which the elements of the softmax's input come, nearest first.
llvm::SmallVector<ContractOp> productsBefore(mlir::linalg::SoftmaxOp softmax);

/// True when a product reads elements of the softmax's result.
bool reachesProduct(mlir::linalg::SoftmaxOp softmax);

/// The only operand of a product that the softmax's result reaches; null otherwise.
mlir::OpOperand *productBehind(mlir::linalg::SoftmaxOp softmax);

} // namespace fovea

#endif // FOVEA_COMPILER_TRANSFORMS_ATTENTIONMATCH_H
