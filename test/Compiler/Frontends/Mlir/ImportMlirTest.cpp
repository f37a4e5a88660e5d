//===- ImportMlirTest.cpp - modules in text form --------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Frontends/Mlir/ImportMlirText.h"
#include "dialects/Fovea/FoveaDialect.h"
#include "test/Compiler/Frontends/SafeTensors/Files.h"

using namespace fovea;
using namespace fovea::test;
using namespace mlir;

namespace {
class ImportMlir : public ::testing::Test {
protected:
  /// Imports a file that holds `text`; the problems' texts are in `problems`.
  bool import(const std::string &text) {
    folder.write("m.mlir", text);
    Problems found;
    ImportSummary summary;
    weights = WeightStore();
    module = importMlir(context, (folder / "m.mlir").string(), options, weights, summary, found);
    problems.clear();
    for (const Problem &problem : found)
      problems += format(problem) + "\n";
    EXPECT_EQ(static_cast<bool>(module), found.empty()) << problems;
    return static_cast<bool>(module);
  }

  bool refused(const std::string &text, const std::string &part) {
    return !import(text) && problems.find(part) != std::string::npos;
  }

  func::FuncOp entry() { return *module->getOps<func::FuncOp>().begin(); }

  MLIRContext context;
  Folder folder;
  ImportOptions options;
  WeightStore weights;
  OwningOpRef<ModuleOp> module;
  std::string problems;
};
} // namespace

static constexpr char kIdentity[] = R"(
  func.func @f(%a: tensor<?x4xf32> {fovea.name = "a", fovea.shape = ["n", ""]})
      -> (tensor<?x4xf32> {fovea.name = "b", fovea.shape = ["n", ""]}) attributes {fovea.entry} {
    return %a : tensor<?x4xf32>
  })";

TEST_F(ImportMlir, CompletesSignaturesThatSayNothing) {
  ASSERT_TRUE(import("func.func @f(%a: tensor<?x4xf32>, %b: tensor<2xi64>) -> tensor<?x4xf32> {\n"
                     "  return %a : tensor<?x4xf32>\n}"));
  EXPECT_TRUE(entry()->hasAttr(kEntryAttr));
  EXPECT_EQ(entry().getArgAttr(1, kNameAttr), StringAttr::get(&context, "arg1"));
  EXPECT_EQ(entry().getResultAttr(0, kNameAttr), StringAttr::get(&context, "result0"));
  EXPECT_EQ(entry().getArgAttr(0, kShapeAttr),
            Builder(&context).getStrArrayAttr({"arg0_dim0", ""}));
}

TEST_F(ImportMlir, RefusesAttributesOfPasses) {
  for (const char *attribute :
       {"fovea_kernel.kernel", "fovea.ledger = 1 : i64", "fovea.graph_records = []"})
    EXPECT_TRUE(refused("func.func @f(%a: tensor<4xf32>) -> tensor<4xf32> attributes {" +
                            std::string(attribute) + "} {\n  return %a : tensor<4xf32>\n}",
                        "is not taken in a model"))
        << problems;
  EXPECT_TRUE(refused("func.func @f(%a: tensor<4xf32> {bufferization.writable = true})\n"
                      "    -> tensor<4xf32> {\n  return %a : tensor<4xf32>\n}",
                      "attribute \"bufferization.writable\" is not taken in a model"))
      << problems;
  EXPECT_TRUE(import("func.func @f(%a: tensor<4xf32>) -> tensor<4xf32> attributes {mine} {\n"
                     "  return %a : tensor<4xf32>\n}"))
      << problems;
}

TEST_F(ImportMlir, RefusesListsThatEndTheParser) {
  EXPECT_TRUE(refused("func.func @f(%a: tensor<4x2xf32>, %o: tensor<2x4xf32>) -> tensor<2x4xf32> {"
                      "\n  %t = linalg.transpose ins(%a : tensor<4x2xf32>)\n"
                      "      outs(%o : tensor<2x4xf32>) permutation = node\n"
                      "  return %t : tensor<2x4xf32>\n}",
                      ":3:48: error[FV0061]: expected a list of integers"))
      << problems;
}

TEST_F(ImportMlir, GivesDimensionsValues) {
  options.dims["n"] = 3;
  ASSERT_TRUE(import(kIdentity)) << problems;
  auto type = RankedTensorType::get({3, 4}, Builder(&context).getF32Type());
  EXPECT_EQ(entry().getFunctionType(), FunctionType::get(&context, {type}, {type}));
  EXPECT_EQ(entry().getResultAttr(0, kShapeAttr), Builder(&context).getStrArrayAttr({"", ""}));
}

TEST_F(ImportMlir, RefusesDimensionsThatAreNot) {
  options.dims["m"] = 3;
  EXPECT_TRUE(refused(kIdentity, "no argument has a dimension named 'm'"));
  options.dims.clear();
  options.dims["n"] = 0;
  EXPECT_TRUE(refused(kIdentity, "cannot be 0"));
}

TEST_F(ImportMlir, SaysWhereTextIsWrong) {
  EXPECT_TRUE(refused("module {\n  func.func @f( {\n}", "m.mlir:2:"));
  EXPECT_TRUE(refused("module {", "m.mlir:1:"));
  EXPECT_TRUE(refused("func.func @f() { return %x : f32 }", "FV0061"));
  EXPECT_TRUE(refused("%0 = \"a.b\"() : () -> i32", "FV0061"));
}

TEST_F(ImportMlir, RefusesBytecode) { EXPECT_TRUE(refused("ML\xefR\x01", "bytecode")); }

TEST_F(ImportMlir, RefusesDeepText) {
  EXPECT_TRUE(refused("module attributes {a.b = " + std::string(100'000, '['), "FV0062"));
}

TEST_F(ImportMlir, RefusesModulesThatDoNotVerify) {
  EXPECT_TRUE(refused("func.func @f(%a: tensor<4xf32>) -> tensor<4xf32> {\n"
                      "  %0 = fovea.get_weight @none : tensor<4xf32>\n"
                      "  return %0 : tensor<4xf32>\n}",
                      "get_weight_c1"));
}

TEST_F(ImportMlir, RefusesHugeTypesWhereverTheyStand) {
  const char *huge = "tensor<4611686018427387904x4xf32>";
  std::string text = std::string("func.func @f(%a: ") + huge + ") { return }";
  EXPECT_TRUE(refused(text, "2^40"));
  text = std::string("func.func @f(%a: tensor<4xf32>) attributes {a.b = ") + huge + "} { return }";
  EXPECT_TRUE(refused(text, "2^40"));
  EXPECT_TRUE(refused("func.func @f(%a: tensor<1099511627777xi8>) { return }", "2^40"));
}

TEST_F(ImportMlir, RefusesModulesWithoutAnEntry) {
  EXPECT_TRUE(refused("module {}", "expected a public function"));
  EXPECT_TRUE(refused("func.func private @f() { return }", "expected a public function"));
  EXPECT_TRUE(
      refused("func.func private @f() attributes {fovea.entry} { return }", "to be public"));
}

TEST_F(ImportMlir, LeavesModulesOfLaterPhasesAlone) {
  std::string text = "module attributes {fovea.phase = \"graph\"} {\n"
                     "  func.func private @f(%a: f32) { return }\n}";
  EXPECT_TRUE(import(text)) << problems;
  options.dims["n"] = 1;
  EXPECT_TRUE(refused(text, "dimensions have values from import on"));
}

TEST_F(ImportMlir, RefusesSignaturesThatBreakTheRules) {
  EXPECT_TRUE(refused("func.func @f(%a: f32) { return }", "expected a ranked tensor"));
  EXPECT_TRUE(refused("func.func @f(%a: tensor<*xf32>) { return }", "is not taken"));
  EXPECT_TRUE(refused("func.func @f(%a: tensor<2xf32> {fovea.name = \"x\"},"
                      " %b: tensor<2xf32> {fovea.name = \"x\"}) { return }",
                      "unique"));
  EXPECT_TRUE(refused("func.func @f(%a: tensor<?xf32> {fovea.shape = [\"n\", \"m\"]}) { return }",
                      "one string per dimension"));
  EXPECT_TRUE(refused("func.func @f(%a: tensor<?xf32> {fovea.shape = [\"\"]}) { return }",
                      "symbol for every dynamic"));
  EXPECT_TRUE(refused("func.func @f(%a: tensor<?xf32>)"
                      " -> (tensor<?xf32> {fovea.shape = [\"k\"]}) { return %a : tensor<?xf32> }",
                      "is of no argument"));
}

static std::string withWeight(const std::string &source, const std::string &offset) {
  return "fovea.weight @w from \"" + source + "\" offset " + offset +
         " : tensor<4xf32>\n"
         "func.func @f(%a: tensor<4xf32>) -> tensor<4xf32> {\n"
         "  %0 = fovea.get_weight @w : tensor<4xf32>\n  return %0 : tensor<4xf32>\n}";
}

TEST_F(ImportMlir, ReadsWeightsBesideTheModule) {
  folder.write("w.bin", std::string(20, 'x'));
  ASSERT_TRUE(import(withWeight("w.bin", "4"))) << problems;
  EXPECT_TRUE(weights.lookup("w.bin", 4, 16).has_value());
}

TEST_F(ImportMlir, RefusesWeightsThatAreNotThere) {
  folder.write("w.bin", std::string(20, 'x'));
  EXPECT_TRUE(refused(withWeight("w.bin", "5"), "needs 16 bytes at offset 5"));
  EXPECT_TRUE(refused(withWeight("w.bin", "9223372036854775807"), "needs 16 bytes"));
  EXPECT_TRUE(refused(withWeight("none.bin", "0"), "FV0065"));
}

TEST_F(ImportMlir, RefusesWeightsOutsideTheFolder) {
  EXPECT_TRUE(refused(withWeight("/etc/hostname", "0"), "not a plain path"));
  EXPECT_TRUE(refused(withWeight("../w.bin", "0"), "not a plain path"));
  std::filesystem::create_symlink("/etc/hostname", folder / "link.bin");
  EXPECT_TRUE(refused(withWeight("link.bin", "0"), "symbolic links"));
}

TEST_F(ImportMlir, OpensNoFileForTextFromMemory) {
  folder.write("w.bin", std::string(16, 'x'));
  Problems found;
  ImportSummary summary;
  std::string text = withWeight("w.bin", "0");
  auto import = [&] {
    return importMlirText(context, text, "<text>", "", options, weights, summary, found);
  };
  EXPECT_FALSE(import());
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].code, "FV0065");
  found.clear();
  weights.add("w.bin", std::vector<uint8_t>(16));
  EXPECT_TRUE(import());
}

TEST_F(ImportMlir, ReportsAFileThatIsNotThere) {
  Problems found;
  ImportSummary summary;
  std::string path = (folder / "none.mlir").string();
  EXPECT_FALSE(importMlir(context, path, options, weights, summary, found));
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].code, "FV0060");
}
