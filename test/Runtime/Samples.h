//===- Samples.h - artefacts and tensors for the runtime's tests ----------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_TEST_RUNTIME_SAMPLES_H
#define FOVEA_TEST_RUNTIME_SAMPLES_H

#include "runtime/Artifact/Manifest.h"
#include "runtime/Artifact/Writer.h"
#include "runtime/include/fovea_runtime.h"
#include <gtest/gtest.h>
#include <memory>

namespace fovea::test {

template <auto Free> struct Freer {
  void operator()(auto *handle) const { Free(handle); }
};
using StatusPtr = std::unique_ptr<fovea_status, Freer<fovea_status_free>>;
using ModulePtr = std::unique_ptr<fovea_module, Freer<fovea_module_free>>;
using ContextPtr = std::unique_ptr<fovea_context, Freer<fovea_context_free>>;
using BufferPtr = std::unique_ptr<fovea_buffer, Freer<fovea_buffer_free>>;
using Image = std::vector<std::byte>;

/// Manifest and weights of Kernels/sample.c with services.c.
fvm::Manifest sampleManifest();
inline constexpr float sampleWeights[8] = {1, 2, 3, 4, 0.5f, -1, -2, 0};

/// Manifest of Kernels/empty.c, whose one output is the first word of the weights.
fvm::Manifest emptyManifest();

/// Content of a code section built beside the tests, e.g. "code_sample".
Image readCode(const std::string &name);

/// A whole artefact in memory.
Image pack(const fvm::Manifest &manifest, const Image &code, fvm::Bytes weights,
           std::string_view ledger = "{\"ledger\":[]}");
Image packSample();
Image packEmpty();

/// Loads and expects success.
ModulePtr load(const Image &image);
ModulePtr loadSample();
ContextPtr makeContext(const ModulePtr &module, int threads = 1);

/// Loads and expects failure.
StatusPtr refuse(const Image &image);

/// Checks code and message of a status; an empty text with FOVEA_OK is success.
void expectStatus(const StatusPtr &status, fovea_code code, const std::string &part = {});

template <typename T> constexpr fovea_dtype dtypeOf() {
  uint8_t code = std::is_floating_point_v<T> ? 2 : std::is_signed_v<T> ? 0 : 1;
  return {code, uint8_t(8 * sizeof(T)), 1};
}

/// A tensor with its memory.
template <typename T> struct Tensor {
  std::vector<int64_t> shape;
  std::vector<T> values;
  std::vector<int64_t> strides;

  fovea_tensor view() {
    return {values.data(),
            {1, 0},
            int32_t(shape.size()),
            dtypeOf<T>(),
            shape.data(),
            strides.empty() ? nullptr : strides.data(),
            0};
  }
};

/// Inputs of the sample's main entry with values that depend on `seed`.
Tensor<float> sampleInput(int64_t batch, int64_t seq, int seed = 1);
Tensor<float> sampleMask(int64_t batch, int64_t seq);
std::vector<float> sampleResult(const Tensor<float> &x, const Tensor<float> &mask);

/// Runs an entry whose only input is one number and returns the status.
StatusPtr runScalar(const ContextPtr &context, const char *entry, int64_t value,
                    fovea_tensor &output);

} // namespace fovea::test

#endif // FOVEA_TEST_RUNTIME_SAMPLES_H
