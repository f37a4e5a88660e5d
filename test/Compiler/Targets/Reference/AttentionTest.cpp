//===- AttentionTest.cpp - fovea.attention in the oracle ------------------===//
//
// Every clause of the operation against numbers from the formula in numpy. Queries are
// wave([1, 2, 3, 2], 0), keys wave(., 1), values wave(., 2); the scale is 0.5.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "test/Compiler/Targets/Reference/Evaluate.h"

#include <cmath>

using namespace fovea;
using namespace fovea::reference;

namespace {
/// The parts of an attention module that cases vary.
struct Case {
  std::string clauses = "", regions = "", captureTypes = "", captureMaps = "", captures = "";
  std::string group = "", element = "f32";
  int keyHeads = 2, offset = 0;
};
} // namespace

static std::string moduleOf(const Case &c) {
  std::string kv = "tensor<1x" + std::to_string(c.keyHeads) + "x4x2x" + c.element + ">";
  std::string map = "affine_map<(b, h, i, j, d, e) -> ";
  std::string q = "tensor<1x2x3x2x" + c.element + ">", lse = "tensor<1x2x3x" + c.element + ">";
  return "func.func @main(%q: " + q + ", %k: " + kv + ", %v: " + kv + c.captureTypes + ") -> (" +
         q + ", " + lse + ", " + lse + ") {\n%o = tensor.empty() : " + q +
         "\n%l = tensor.empty() : " + lse + "\n%off = arith.constant " + std::to_string(c.offset) +
         " : index\n" + "%top = tensor.empty() : " + lse +
         "\n%r:3 = fovea.attention ins(%q, %k, %v : " + q + ", " + kv + ", " + kv + ") " +
         c.captures + " " + c.clauses + " outs(%o, %l, %top : " + q + ", " + lse + ", " + lse +
         ") {scale = 0.5 : f64, indexing_maps = [" + map + "(b, h, i, d)>, " + map + "(b, h" +
         c.group + ", j, d)>, " + map + "(b, h" + c.group + ", j, e)>, " + c.captureMaps + map +
         "(b, h, i, e)>, " + map + "(b, h, i)>, " + map + "(b, h, i)>]} " + c.regions + " -> " + q +
         ", " + lse + ", " + lse + "\nreturn %r#0, %r#1, %r#2 : " + q + ", " + lse + ", " + lse +
         "\n}";
}

static Tensors operands(int keyHeads = 2) {
  return inputs(wave({1, 2, 3, 2}, 0), wave({1, keyHeads, 4, 2}, 1), wave({1, keyHeads, 4, 2}, 2));
}

TEST(Attention, is_a_softmax_weighted_mean) {
  Tensors results = evaluate(moduleOf({}), operands());
  ASSERT_EQ(results.size(), 3u);
  EXPECT_EQ(results[0].dtype(), DType::F64);
  expectValues(results[0], {0.014446590242372687, -0.7112469927740923, -0.014446590242372687,
                            -0.6510496298010608, 0.057038098581289776, -0.11287172742626397,
                            0.13661327641528753, 0.2246297443550699, 0.17753157032465697,
                            -0.4242440023997944, 0.4494681880317989, -0.13629995494105857});
  expectValues(results[1], {1.6801103989566637, 1.7738603989566637, 1.3228218524068431,
                            1.5522446273852122, 1.4010904566740594, 1.5804303324714446});
  expectValues(results[2], {0.8125, 0.90625, 0.3125, 0.625, 0.75, 0.8125});
}

TEST(Attention, plain_mode_rounds_to_f32) {
  Tensors results = evaluate(moduleOf({}), operands(), Mode::Plain);
  ASSERT_EQ(results.size(), 3u);
  EXPECT_EQ(results[0].dtype(), DType::F32);
  EXPECT_NEAR(results[0].real(0), 0.014446590242372687, 1e-7);
}

TEST(Attention, plain_mode_computes_f64_in_f64) {
  Tensors operands = inputs(wave({1, 2, 3, 2}, 0, DType::F64), wave({1, 2, 4, 2}, 1, DType::F64),
                            wave({1, 2, 4, 2}, 2, DType::F64));
  Tensors results = evaluate(moduleOf({.element = "f64"}), operands, Mode::Plain);
  ASSERT_EQ(results.size(), 3u);
  EXPECT_EQ(results[0].dtype(), DType::F64);
  EXPECT_NEAR(results[0].real(0), 0.014446590242372687, 1e-15);
  EXPECT_NEAR(results[1].real(0), 1.6801103989566637, 1e-15);
}

TEST(Attention, causal_keeps_keys_up_to_the_offset) {
  Tensors results = evaluate(moduleOf({.clauses = "offset(%off) causal", .offset = 1}), operands());
  ASSERT_EQ(results.size(), 3u);
  expectValues(results[0], {0.4563472928673814, -0.5436527071326186, 0.11136358266849705,
                            -0.33114744830730297, 0.057038098581289776, -0.11287172742626397,
                            0.9444999499655522, -0.05550005003444769, 0.3709988925776754,
                            0.20319353405146975, 0.4494681880317989, -0.13629995494105857});
  expectValues(results[1], {0.9467625695485153, 1.3459134740257754, 1.3228218524068431,
                            0.7731232641398401, 0.6640398331209776, 1.5804303324714446});
}

TEST(Attention, rows_without_keys_give_zero_and_minus_infinity) {
  Tensors results =
      evaluate(moduleOf({.clauses = "offset(%off) causal", .offset = -2}), operands());
  ASSERT_EQ(results.size(), 3u);
  expectValues(results[0], {0, 0, 0, 0, 0.25, -0.75, 0, 0, 0, 0, 0.5, -0.5});
  for (size_t number : {1, 2})
    expectValues(results[number], {-HUGE_VAL, -HUGE_VAL, -0.53125, -HUGE_VAL, -HUGE_VAL, 0.8125});
}

TEST(Attention, window_counts_other_positions) {
  Tensors results =
      evaluate(moduleOf({.clauses = "offset(%off) window [1, 0]", .offset = 1}), operands());
  ASSERT_EQ(results.size(), 3u);
  expectValues(results[0],
               {0.4563472928673814, -0.5436527071326186, -0.13970530282831417, 0.4273894885606178,
                -0.7223309555533101, 0.009549214808826784, 0.9444999499655522, -0.05550005003444769,
                0.2968406978726481, 0.607434738297757, -0.41585284872032047, 0.10894092992085458});
}

TEST(Attention, window_without_a_left_bound) {
  Tensors results = evaluate(moduleOf({.clauses = "offset(%off) window [-1, 1]"}), operands());
  ASSERT_EQ(results.size(), 3u);
  expectValues(results[0], {0.4563472928673814, -0.5436527071326186, 0.11136358266849705,
                            -0.33114744830730297, 0.057038098581289776, -0.11287172742626397,
                            0.9444999499655522, -0.05550005003444769, 0.3709988925776754,
                            0.20319353405146975, 0.4494681880317989, -0.13629995494105857});
}

TEST(Attention, softcap_bends_scores) {
  Tensors results = evaluate(moduleOf({.clauses = "softcap 0.75"}), operands());
  ASSERT_EQ(results.size(), 3u);
  expectValues(results[0], {0.018503571445913303, -0.6385564961859119, -0.02407467132701449,
                            -0.5951433096185283, 0.052054908527258636, -0.12864092320704545,
                            0.17246936687873504, 0.1848078411543887, 0.19217687626510577,
                            -0.35005573820060004, 0.4345667503723485, -0.10707842357853323});
  expectValues(results[1], {1.5701045404431349, 1.6169247274021172, 1.334756095625345,
                            1.5110342786646673, 1.335772042934463, 1.4961236511813194});
}

TEST(Attention, alibi_comes_before_softcap) {
  Tensors operands = ::operands();
  operands.push_back(wave({2}, 3));
  Case c{.clauses = "alibi(%slopes : tensor<2xf32>) softcap 2.0",
         .captureTypes = ", %slopes: tensor<2xf32>"};
  Tensors results = evaluate(moduleOf(c), operands);
  ASSERT_EQ(results.size(), 3u);
  expectValues(results[0], {-0.19201752442676118, -0.5346900312698204, -0.2861137871194207,
                            -0.6820615793362386, -0.2815275131298244, -0.4187556927309145,
                            0.14299511370034573, 0.21782634138229323, 0.18031891147600887,
                            -0.4110207841054885, 0.44706895386240175, -0.13024262596052472});
  expectValues(results[1], {2.6239209398137837, 2.23241035643569, 1.284043430815052,
                            1.5448567185936342, 1.3873735016431934, 1.5627394176167893});
  expectValues(results[2], {1.9135386689494094, 1.752496057105429, 0.5769004259454786,
                            0.605419458664217, 0.7167147967015719, 0.7705679325389447});
}

TEST(Attention, query_heads_share_a_key_head) {
  Tensors results = evaluate(moduleOf({.group = " floordiv 2", .keyHeads = 1}), operands(1));
  ASSERT_EQ(results.size(), 3u);
  expectValues(results[0], {0.014446590242372687, -0.7112469927740923, -0.014446590242372687,
                            -0.6510496298010608, 0.057038098581289776, -0.11287172742626397,
                            -0.11338672358471247, -0.02537025564493002, 0.004815880351375423,
                            -0.692400043320799, 0.16839353119149147, -0.16264175522870708});
}

TEST(Attention, refuses_heads_that_do_not_divide) {
  std::string text = moduleOf({.group = " floordiv 2", .keyHeads = 1});
  // With dynamic key heads only the run can tell.
  for (size_t at; (at = text.find("tensor<1x1x4x2xf32>")) != std::string::npos;)
    text.replace(at, 19, "tensor<1x?x4x2xf32>");
  EXPECT_EQ(evaluateFailing(text, operands(2)).kind, RunError::Kind::Shape);
}

/// Score + bias[h, j] + table[j mod 3], mask from a capture, probabilities doubled.
static Case regions() {
  std::string arguments = "%b: index, %h: index, %i: index, %j: index, %x: f32, %m: i1, "
                          "%t: tensor<3xf32>):\n";
  return {.clauses = "offset(%off) causal",
          .regions = "score {\n^bb0(%s: f32, " + arguments +
                     R"(%c3 = arith.constant 3 : index
                        %w = arith.remui %j, %c3 : index
                        %y = fovea.capture_load %t[%w] : tensor<3xf32> -> f32
                        %z = arith.addf %s, %x : f32
                        %u = arith.addf %z, %y : f32
                        fovea.yield %u : f32
                      } mask {
                      ^bb0()" +
                     arguments + "fovea.yield %m : i1\n} prob {\n^bb0(%p: f32, " + arguments +
                     R"(%r = arith.addf %p, %p : f32
                        fovea.yield %r : f32
                      })",
          .captureTypes = ", %cx: tensor<2x4xf32>, %cm: tensor<4xi1>, %ct: tensor<3xf32>",
          .captureMaps = "affine_map<(b, h, i, j, d, e) -> (h, j)>, "
                         "affine_map<(b, h, i, j, d, e) -> (j)>, "
                         "affine_map<(b, h, i, j, d, e) -> ()>, ",
          .captures = "captures(%cx, %cm, %ct : tensor<2x4xf32>, tensor<4xi1>, tensor<3xf32>)",
          .offset = 2};
}

static Tensors regionOperands(llvm::ArrayRef<double> mask) {
  Tensors operands = ::operands();
  operands.push_back(wave({2, 4}, 3));
  operands.push_back(Tensor::of(DType::Bool, {4}, mask));
  operands.push_back(wave({3}, 4));
  return operands;
}

TEST(Attention, regions_see_captures_and_tables) {
  Tensors results = evaluate(moduleOf(regions()), regionOperands({1, 0, 1, 1}));
  ASSERT_EQ(results.size(), 3u);
  expectValues(results[0], {0.31035454994689116, -1.2724254599362694, -0.0018030472419354737,
                            -1.716148203275912, -0.42951170741177336, -1.181995829660777,
                            -1.2616263377522263, 1.7139516053026715, -0.6495508638919659,
                            0.2529304731193779, -0.44485279587228976, 0.5656776591188524});
  expectValues(results[1], {0.7038897342925495, 1.457719128497307, 0.35859381601977514,
                            0.9752065589167471, 0.35793208763944007, 0.5401317981104136});
}

TEST(Attention, an_excluded_key_does_not_leak) {
  Tensors operands = regionOperands({1, 0, 1, 1});
  for (int64_t head : {0, 1})
    for (int64_t d : {0, 1}) {
      operands[1].setReal(head * 8 + 2 + d, NAN);
      operands[2].setReal(head * 8 + 2 + d, HUGE_VAL);
    }
  Tensors results = evaluate(moduleOf(regions()), operands);
  ASSERT_EQ(results.size(), 3u);
  expectValues(results[0], {0.31035454994689116, -1.2724254599362694, -0.0018030472419354737,
                            -1.716148203275912, -0.42951170741177336, -1.181995829660777,
                            -1.2616263377522263, 1.7139516053026715, -0.6495508638919659,
                            0.2529304731193779, -0.44485279587228976, 0.5656776591188524});
}

TEST(Attention, scores_of_minus_infinity_count_as_excluded) {
  Tensors operands = regionOperands({1, 1, 1, 1});
  for (int64_t j = 0; j < 4; ++j)
    operands[3].setReal(j, -HUGE_VAL);
  Tensors results = evaluate(moduleOf(regions()), operands);
  ASSERT_EQ(results.size(), 3u);
  for (int64_t element = 0; element < 6; ++element)
    EXPECT_EQ(results[0].real(element), 0);
  EXPECT_EQ(results[1].real(0), -HUGE_VAL);
  EXPECT_EQ(results[2].real(0), -HUGE_VAL);
  EXPECT_TRUE(std::isfinite(results[1].real(3)));
}

TEST(Attention, a_kept_nan_reaches_its_row) {
  Tensors operands = ::operands();
  operands[1].setReal(0, NAN);
  Tensors results = evaluate(moduleOf({}), operands);
  ASSERT_EQ(results.size(), 3u);
  EXPECT_TRUE(std::isnan(results[0].real(0)));
  EXPECT_TRUE(std::isnan(results[1].real(0)));
  EXPECT_TRUE(std::isnan(results[2].real(0)));
  EXPECT_TRUE(std::isfinite(results[0].real(6)));
  EXPECT_TRUE(std::isfinite(results[2].real(3)));
}
