//===- ManifestTest.cpp - the manifest's schema ---------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "test/Runtime/Samples.h"

#include <fstream>
#include <functional>
#include <iterator>

using namespace fovea::test;
using fvm::Dim;
using fvm::Manifest;

TEST(Manifest, survives_a_round_trip) {
  Manifest manifest = sampleManifest();
  manifest.threadsHint = 6;
  manifest.nodes.push_back("caf\xc3\xa9 \"quoted\"\n");
  Manifest back;
  fvm::Status status = fvm::readManifest(fvm::writeManifest(manifest), back);
  ASSERT_TRUE(status.ok()) << status.message();
  EXPECT_EQ(manifest, back);
}

TEST(Manifest, readers_of_inputs_are_optional) {
  Manifest manifest = sampleManifest(), back;
  manifest.entries[0].inputs[0].readBy = fvm::Reader::Host;
  manifest.entries[1].inputs[0].readBy = fvm::Reader::Both;
  std::string json = fvm::writeManifest(manifest);
  fvm::Status status = fvm::readManifest(json, back);
  ASSERT_TRUE(status.ok()) << status.message();
  EXPECT_EQ(manifest, back);
  EXPECT_EQ(fvm::writeManifest(sampleManifest()).find("read_by"), std::string::npos);
  const std::string host = "\"read_by\":\"host\"";
  ASSERT_NE(json.find(host), std::string::npos);
  status =
      fvm::readManifest(json.replace(json.find(host), host.size(), "\"read_by\":\"me\""), back);
  EXPECT_NE(status.message().find("expected 'host' or 'both', got 'me'"), std::string::npos);
}

TEST(Manifest, every_dtype_has_a_name) {
  for (int i = 0; i <= int(fvm::DType::Bool); ++i) {
    auto dtype = fvm::DType(i);
    EXPECT_EQ(fvm::dtypeFromName(fvm::dtypeName(dtype)), dtype);
  }
  EXPECT_EQ(fvm::dtypeBytes(fvm::DType::BF16), 2);
  EXPECT_EQ(fvm::dtypeFromName("f8"), std::nullopt);
}

TEST(Manifest, bytes_that_are_not_utf8_are_replaced) {
  Manifest manifest = emptyManifest(), back;
  manifest.nodes = {"bad \xff name"};
  ASSERT_TRUE(fvm::readManifest(fvm::writeManifest(manifest), back).ok());
  EXPECT_EQ(back.nodes[0], "bad \xef\xbf\xbd name");
}

TEST(Manifest, the_example_of_the_specification_is_right) {
  std::ifstream file(FOVEA_TEST_SOURCE "/../../docs/Spec-fvm.md");
  std::string text{std::istreambuf_iterator<char>(file), {}};
  const std::string fence = "```json\n";
  size_t begin = text.find(fence) + fence.size();
  Manifest manifest;
  fvm::Status status =
      fvm::readManifest(text.substr(begin, text.find("```", begin) - begin), manifest);
  ASSERT_TRUE(status.ok()) << status.message();
  EXPECT_EQ(manifest.entries[0].symbols[1], "seq");
}

namespace {
struct Mistake {
  const char *message;
  std::function<void(Manifest &)> make;
};
} // namespace

TEST(Manifest, every_rule_is_checked) {
  const Mistake mistakes[] = {
      {"a text is too long", [](Manifest &m) { m.producer.assign(5000, 'x'); }},
      {"a text is too long", [](Manifest &m) { m.target.cpu = std::string("a\0b", 3); }},
      {"threads_hint", [](Manifest &m) { m.threadsHint = -1; }},
      {"scratch_bytes", [](Manifest &m) { m.scratchBytes = -64; }},
      {"scratch_bytes", [](Manifest &m) { m.scratchBytes = INT64_MAX; }},
      {"nodes: a name", [](Manifest &m) { m.nodes.push_back(std::string(1, '\0')); }},
      {"there must be 1", [](Manifest &m) { m.entries.clear(); }},
      {"letters, digits", [](Manifest &m) { m.entries[0].name = "a b"; }},
      {"letters, digits", [](Manifest &m) { m.entries[0].name = ""; }},
      {"taken by another", [](Manifest &m) { m.entries[1] = m.entries[0]; }},
      {"distinct names", [](Manifest &m) { m.entries[0].symbols[1] = "batch"; }},
      {"distinct names", [](Manifest &m) { m.entries[0].symbols[1] = ""; }},
      {"in no input's shape", [](Manifest &m) { m.entries[0].symbols.push_back("extra"); }},
      {"must be a number or", [](Manifest &m) { m.entries[0].inputs[0].shape[0] = Dim::data(); }},
      {"negative or too large",
       [](Manifest &m) { m.entries[0].inputs[0].shape[2] = Dim::fixed(-2); }},
      {"negative or too large",
       [](Manifest &m) { m.entries[0].outputs[0].shape[2] = Dim::fixed(INT64_MAX); }},
      {"names no symbol", [](Manifest &m) { m.entries[0].inputs[0].shape[0] = Dim::symbol(9); }},
      {"rank is above 16", [](Manifest &m) { m.entries[0].outputs[0].shape.resize(17); }},
  };
  ASSERT_TRUE(fvm::verifyManifest(sampleManifest()).ok());
  for (const Mistake &mistake : mistakes) {
    Manifest manifest = sampleManifest();
    mistake.make(manifest);
    fvm::Status status = fvm::verifyManifest(manifest);
    EXPECT_EQ(status.code(), fvm::Code::BadArtifact) << mistake.message;
    EXPECT_NE(status.message().find(mistake.message), std::string::npos) << status.message();
  }
}

/// The empty manifest's JSON with one text replaced.
static fvm::Status readEdited(const std::string &from, const std::string &to) {
  std::string json = fvm::writeManifest(emptyManifest());
  size_t at = json.find(from);
  EXPECT_NE(at, std::string::npos) << from << " in " << json;
  json.replace(at, from.size(), to);
  Manifest manifest;
  return fvm::readManifest(json, manifest);
}

TEST(Manifest, mistakes_in_the_json_are_refused) {
  const char *const edits[][3] = {
      {"{", "", "not a JSON object"},
      {"\"producer\":\"fovea tests\",", "", "'producer' is missing"},
      {"\"producer\"", "\"maker\"", "'producer' is missing"},
      {"\"producer\"", "\"extra\":1,\"producer\"", "unknown key 'extra'"},
      {"\"fovea tests\"", "7", "expected a string"},
      {"\"threads_hint\":0", "\"threads_hint\":0.5", "expected an integer"},
      {"\"threads_hint\":0", "\"threads_hint\":18446744073709551615", "expected an integer"},
      {"\"threads_hint\":0", "\"threads_hint\":-1", "out of range"},
      {"\"nodes\":[", "\"nodes\":[1,", "nodes[0]: expected a string"},
      {"\"features\":[\"", "\"features\":[[],\"", "target.features[0]: expected a string"},
      {"\"entries\":[", "\"entries\":[0,", "entries[0]: expected an object"},
      {"\"i64\"", "\"i65\"", "unknown dtype 'i65'"},
      {"\"shape\":[]", "\"shape\":[],\"read_by\":\"host\"", "unknown key 'read_by'"},
      {"\"shape\":[]", "\"shape\":7", "expected an array"},
      {"\"shape\":[]", "\"shape\":[\"seq\"]", "names no symbol"},
      {"\"shape\":[]", "\"shape\":[true]", "expected an integer"},
  };
  for (const auto &[from, to, message] : edits) {
    fvm::Status status = readEdited(from, to);
    EXPECT_EQ(status.code(), fvm::Code::BadArtifact) << to;
    EXPECT_NE(status.message().find(message), std::string::npos) << status.message();
  }
  EXPECT_TRUE(readEdited("\"shape\":[]", "\"shape\":[3,null]").ok());
}

TEST(Manifest, another_format_is_incompatible) {
  fvm::Status status = readEdited("\"format\":1", "\"format\":2,\"new\":1");
  EXPECT_EQ(status.code(), fvm::Code::Incompatible);
  EXPECT_NE(status.message().find("recompile"), std::string::npos);
  EXPECT_EQ(readEdited("\"format\":1", "\"format\":\"1\"").code(), fvm::Code::BadArtifact);
}

TEST(Manifest, deep_nesting_is_refused_without_harm) {
  Manifest manifest;
  EXPECT_FALSE(fvm::readManifest(std::string(200000, '['), manifest).ok());
  std::string deep = std::string(200000, '[') + std::string(200000, ']');
  EXPECT_FALSE(fvm::readManifest(deep, manifest).ok());
}
