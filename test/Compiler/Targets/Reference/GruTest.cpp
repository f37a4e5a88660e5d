//===- GruTest.cpp - fovea.gru and fovea.rnn in the oracle ----------------===//
//
// Every attribute against numbers from the formulas in numpy (inputs as in Recurrent.h).
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "test/Compiler/Targets/Reference/Recurrent.h"

using namespace fovea;
using namespace fovea::reference;

static void expectGru(const RecurrentCase &c, llvm::ArrayRef<double> y) {
  Tensors results = runNamed(c, /*lstm=*/false);
  ASSERT_EQ(results.size(), 2u);
  expectValues(results[0], y);
}

TEST(Gru, reset_before_the_product) {
  Tensors results = runNamed({.attributes = ", reset = #fovea.reset<before>"}, /*lstm=*/false);
  ASSERT_EQ(results.size(), 2u);
  expectValues(results[0], {-0.9950887258538478, -0.77150380020557, -0.2605076021990493,
                            -0.9566177183054291, -0.7332639596209125, -0.6930963021153906,
                            -0.33879316094840417, -0.45827470638118445, -0.739435333607459,
                            -0.8996340815514899, 0.059395860010612644, -0.25502114128260234});
  expectValues(results[1], {-0.739435333607459, -0.8996340815514899, 0.059395860010612644,
                            -0.25502114128260234});
}

TEST(Gru, reset_after_the_product) {
  expectGru({.attributes = ", reset = #fovea.reset<after>"},
            {-0.9900921241424664, -0.8007571009061055, -0.260354230887174, -0.9853036549078359,
             -0.672925117196211, -0.801500818575217, -0.32093604566656303, -0.6143199023779847,
             -0.6779373695032683, -0.9532037502634353, 0.1167826591598208, -0.504846708151598});
}

TEST(Gru, keep_new_swaps_the_update_gate) {
  expectGru({.attributes = ", reset = #fovea.reset<after>, keep = #fovea.keep<new>"},
            {-0.9312257100830945, 0.576009875325992, -0.9319083178845924, -1.20678950950074,
             -0.7796248755454178, 0.20056923074750857, -0.780970876206129, -1.115245667249836,
             -0.913604828786145, 0.07221561671764044, 0.2750211488467216, -0.9690063061897736});
}

TEST(Gru, gate_order_names_the_blocks_of_rows) {
  expectGru({.attributes = ", reset = #fovea.reset<after>", .order = "r z n"},
            {-0.9864966506825754, 0.5331332577443328, -0.7595095040543387, -1.2452435193284592,
             -0.8633632529860078, -0.1282334547594155, -0.75235306172301, -1.160543745780196,
             -0.9129830110810657, -0.1706799862160081, 0.050325389042014224, -1.1017287141814303});
}

TEST(Gru, bidirectional_with_lengths_and_clip) {
  Tensors results = runNamed({.attributes = ", reset = #fovea.reset<before>, clip = 0.5 : f64, "
                                            "direction = #fovea.direction<bidirectional>",
                              .lengths = true,
                              .directions = 2},
                             /*lstm=*/false);
  ASSERT_EQ(results.size(), 2u);
  expectValues(results[0], {-0.7969273518168964,
                            -0.0044936350463589125,
                            0,
                            0,
                            0.47641947104404064,
                            -0.13676164498588547,
                            0,
                            0,
                            0,
                            0,
                            0,
                            0,
                            0,
                            0,
                            0,
                            0,
                            0,
                            0,
                            0,
                            0,
                            0,
                            0,
                            0,
                            0});
  expectValues(results[1], {-0.7969273518168964, -0.0044936350463589125, -0.25, -1.25,
                            0.47641947104404064, -0.13676164498588547, 1.25, 0.25});
}

TEST(Gru, batch_major_swaps_steps_and_rows) {
  expectGru({.attributes = ", reset = #fovea.reset<before>", .batchMajor = true},
            {-0.9950887258538478, -0.77150380020557, -0.994736289158764, -0.949289346549862,
             -0.7275330967779816, -0.7488794959114624, -0.3056032597474416, -0.6008498233157675,
             -0.3262954355616664, -0.834813412705596, 0.04023213448914295, -0.4724392148436999});
}

/// A cell with state t = tanh(x + h) and output t * t.
static std::string cell(std::string clauses) {
  return R"(func.func @main(%x: tensor<3x2x2xf32>, %h: tensor<2x2xf32>, %l: tensor<2xi64>)
      -> (tensor<3x2x2xf32>, tensor<2x2xf32>) {
    %y, %s = fovea.rnn %x init(%h) )" +
         clauses + R"( cell {
    ^bb0(%xt: tensor<2x2xf32>, %ht: tensor<2x2xf32>):
      %n = arith.addf %xt, %ht : tensor<2x2xf32>
      %t = math.tanh %n : tensor<2x2xf32>
      %u = arith.mulf %t, %t : tensor<2x2xf32>
      fovea.yield %u, %t : tensor<2x2xf32>, tensor<2x2xf32>
    } : tensor<3x2x2xf32>, tensor<2x2xf32> -> tensor<3x2x2xf32>, tensor<2x2xf32>
    return %y, %s : tensor<3x2x2xf32>, tensor<2x2xf32>
  })";
}

static Tensors cellInputs() {
  return inputs(wave({3, 2, 2}, 0), wave({2, 2}, 4), Tensor::of(DType::I64, {2}, {2, 3}));
}

TEST(Rnn, runs_its_cell_step_by_step) {
  Tensors results = evaluate(cell(""), cellInputs());
  ASSERT_EQ(results.size(), 2u);
  expectValues(results[0],
               {0.9565350811110991, 0.7195851338195673, 0.40341419171866855, 0, 0.3867052102390878,
                0.009597806483328584, 0.12213612505282918, 0, 0.8554271451753133,
                0.4761091385361438, 0.009831303054190107, 0.7195851338195673});
  expectValues(results[1],
               {-0.9248930452627013, 0.6900066220958635, 0.0991529276128048, -0.8482836399575129});
}

TEST(Rnn, reverse_with_lengths_starts_at_the_last_valid_step) {
  Tensors results = evaluate(cell("lengths(%l : tensor<2xi64>) reverse"), cellInputs());
  ASSERT_EQ(results.size(), 2u);
  expectValues(results[0], {0.911925380707709, 0.21355226703407257, 7.423720630942281e-05,
                            0.20926294058221914, 0.40341419171866855, 0, 0.24145792608675598,
                            0.5714074075363406, 0, 0, 0.21355226703407257, 0.9734077733168395});
  expectValues(results[1], {-0.9549478418781358, 0.46211715726000974, -0.008616101572603634,
                            0.45745266485421104});
}
