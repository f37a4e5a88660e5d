//===- Samples.cpp - artefacts and tensors for the runtime's tests --------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "test/Runtime/Samples.h"

#include <fstream>
#include <iterator>

namespace fovea::test {

using fvm::Dim;
using fvm::DType;
using fvm::Entry;
using fvm::Manifest;

static Manifest baseManifest() {
  Manifest manifest;
  manifest.producer = "fovea tests";
#if defined(__x86_64__)
  manifest.target = {"x86_64-unknown-linux-gnu", "x86-64", {"sse2"}};
#else
  manifest.target = {"aarch64-unknown-linux-gnu", "generic", {"neon"}};
#endif
  manifest.scratchBytes = 100;
  manifest.nodes = {"embed/Shape", "enc.3/Gather", "enc.3/Slice"};
  return manifest;
}

Manifest emptyManifest() {
  Manifest manifest = baseManifest();
  manifest.entries = {{"main", {}, {}, {{"value", DType::I64, {}}}}};
  return manifest;
}

Manifest sampleManifest() {
  Manifest manifest = baseManifest();
  const Dim s0 = Dim::symbol(0), s1 = Dim::symbol(1), eight = Dim::fixed(8);
  const std::vector<fvm::TensorInfo> number = {{"value", DType::I64, {}}};
  manifest.entries = {
      {"main",
       {"batch", "seq"},
       {{"x", DType::F32, {s0, s1, eight}}, {"mask", DType::F32, {s0, s1}}},
       {{"y", DType::F32, {s0, s1, eight}}}},
      {"gather",
       {"n"},
       {{"table", DType::F32, {Dim::fixed(16), Dim::fixed(4)}}, {"ids", DType::I64, {s0}}},
       {{"rows", DType::F32, {s0, Dim::fixed(4)}}}},
      {"halt", {}, number, number},
      {"nonzero", {"n"}, {{"x", DType::F32, {s0}}}, {{"indices", DType::I64, {Dim::data()}}}},
      {"blocks", {}, number, number},
      {"nested", {"n"}, {{"x", DType::F32, {s0}}}, {{"counts", DType::I64, {s0}}}},
      {"math", {}, {}, {{"values", DType::F64, {Dim::fixed(11)}}}},
      {"denormal", {"n"}, {{"x", DType::F32, {s0}}}, {{"kept", DType::F32, {s0}}}},
      {"misbehave", {}, number, {{"out", DType::F32, {Dim::fixed(3), Dim::data()}}}},
      {"greedy", {}, {}, {}},
      {"unsound", {}, {}, {}},
  };
  return manifest;
}

Image readCode(const std::string &name) {
  std::ifstream file(std::string(FOVEA_TEST_CODE) + "/" + name + ".code", std::ios::binary);
  EXPECT_TRUE(file.good()) << name;
  std::string text{std::istreambuf_iterator<char>(file), {}};
  auto *bytes = reinterpret_cast<const std::byte *>(text.data());
  return {bytes, bytes + text.size()};
}

Image pack(const Manifest &manifest, const Image &code, fvm::Bytes weights,
           std::string_view ledger) {
  std::string json = fvm::writeManifest(manifest);
  Image image;
  fvm::Status status = fvm::writeArtifact(
      image, fvm::sectionsOf(json, {{fvm::SectionKind::Code, "cpu", {{code.data(), code.size()}}}},
                             {weights}, ledger));
  EXPECT_TRUE(status.ok()) << status.message();
  return image;
}

Image packSample() {
  return pack(sampleManifest(), readCode("code_sample"), {sampleWeights, sizeof(sampleWeights)});
}

Image packEmpty() {
  const int64_t value = 42;
  return pack(emptyManifest(), readCode("code_empty"), {&value, sizeof(value)});
}

ModulePtr load(const Image &image) {
  fovea_module *module = nullptr;
  StatusPtr status(fovea_module_load_memory(image.data(), image.size(), nullptr, &module));
  EXPECT_EQ(status, nullptr) << fovea_status_message(status.get());
  return ModulePtr(module);
}

ModulePtr loadSample() { return load(packSample()); }

ContextPtr makeContext(const ModulePtr &module, int threads) {
  fovea_context_options options;
  fovea_context_options_init(&options);
  options.threads = threads;
  fovea_context *context = nullptr;
  StatusPtr status(fovea_context_create(module.get(), &options, &context));
  EXPECT_EQ(status, nullptr) << fovea_status_message(status.get());
  return ContextPtr(context);
}

StatusPtr refuse(const Image &image) {
  fovea_module *module = nullptr;
  StatusPtr status(fovea_module_load_memory(image.data(), image.size(), nullptr, &module));
  EXPECT_NE(status, nullptr) << "the artefact was accepted";
  EXPECT_EQ(module, nullptr);
  ModulePtr freed(module);
  return status;
}

void expectStatus(const StatusPtr &status, fovea_code code, const std::string &part) {
  EXPECT_EQ(fovea_status_code(status.get()), code) << fovea_status_message(status.get());
  std::string message = fovea_status_message(status.get());
  EXPECT_NE(message.find(part), std::string::npos) << message << "\nlacks: " << part;
}

Tensor<float> sampleInput(int64_t batch, int64_t seq, int seed) {
  Tensor<float> x{{batch, seq, 8}, {}, {}};
  uint32_t state = uint32_t(seed);
  for (int64_t i = 0; i < batch * seq * 8; ++i) {
    state = state * 1664525 + 1013904223;
    x.values.push_back(float(int32_t(state)) / 65536);
  }
  return x;
}

Tensor<float> sampleMask(int64_t batch, int64_t seq) {
  Tensor<float> mask{{batch, seq}, {}, {}};
  for (int64_t i = 0; i < batch * seq; ++i)
    mask.values.push_back(float(i % 3));
  return mask;
}

std::vector<float> sampleResult(const Tensor<float> &x, const Tensor<float> &mask) {
  std::vector<float> result;
  for (size_t i = 0; i < x.values.size(); ++i)
    result.push_back(x.values[i] * mask.values[i / 8] * sampleWeights[i % 8]);
  return result;
}

StatusPtr runScalar(const ContextPtr &context, const char *entry, int64_t value,
                    fovea_tensor &output) {
  Tensor<int64_t> input{{}, {value}, {}};
  fovea_tensor view = input.view();
  return StatusPtr(fovea_context_run(context.get(), entry, &view, 1, &output, 1, nullptr));
}

} // namespace fovea::test
