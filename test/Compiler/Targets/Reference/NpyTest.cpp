//===- NpyTest.cpp - numpy's files ----------------------------------------===//
//
// Round trips, files as numpy writes them, and damaged ones.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Data/Npy.h"

#include <gtest/gtest.h>

#include <cmath>

using namespace fovea;

using Bytes = std::vector<uint8_t>;

/// An .npy with the given header text and data.
static Bytes npy(std::string header, Bytes data, uint8_t version = 1) {
  Bytes bytes{0x93, 'N', 'U', 'M', 'P', 'Y', version, 0};
  for (int byte = 0; byte < (version == 1 ? 2 : 4); ++byte)
    bytes.push_back(static_cast<uint8_t>(header.size() >> (8 * byte)));
  bytes.insert(bytes.end(), header.begin(), header.end());
  bytes.insert(bytes.end(), data.begin(), data.end());
  return bytes;
}

static std::string header(std::string descr, std::string shape, std::string order = "False") {
  return "{'descr': '" + descr + "', 'fortran_order': " + order + ", 'shape': " + shape + ", }\n";
}

template <typename T> static std::string refusal(llvm::Expected<T> result) {
  if (result)
    return "";
  return llvm::toString(result.takeError());
}

TEST(Npy, every_dtype_survives) {
  for (DType dtype :
       {DType::F32, DType::F64, DType::F16, DType::BF16, DType::I8, DType::I16, DType::I32,
        DType::I64, DType::U8, DType::U16, DType::U32, DType::U64, DType::Bool}) {
    Tensor tensor = Tensor::of(dtype, {2, 1, 2}, {0, 1, isUnsigned(dtype) ? 2.0 : -2.0, 100});
    llvm::Expected<Tensor> read = parseNpy(formatNpy(tensor));
    ASSERT_TRUE(bool(read)) << llvm::toString(read.takeError());
    EXPECT_EQ(read->dtype(), dtype);
    EXPECT_EQ(read->shape(), tensor.shape());
    EXPECT_EQ(read->raw(), tensor.raw());
  }
}

TEST(Npy, scalars_and_empty_tensors_survive) {
  for (const std::vector<int64_t> &shape :
       {std::vector<int64_t>(), std::vector<int64_t>{0}, std::vector<int64_t>{3, 0, 2}}) {
    llvm::Expected<Tensor> read = parseNpy(formatNpy(Tensor::zeros(DType::I32, shape)));
    ASSERT_TRUE(bool(read)) << llvm::toString(read.takeError());
    EXPECT_EQ(read->shape(), llvm::ArrayRef<int64_t>(shape));
  }
}

TEST(Npy, fortran_order_and_later_versions) {
  Bytes data{1, 2, 3, 4, 5, 6};
  for (uint8_t version : {1, 2, 3}) {
    llvm::Expected<Tensor> read = parseNpy(npy(header("|u1", "(2, 3)", "True"), data, version));
    ASSERT_TRUE(bool(read)) << llvm::toString(read.takeError());
    EXPECT_EQ(read->raw().vec(), Bytes({1, 3, 5, 2, 4, 6}));
  }
}

TEST(Npy, bytes_of_bool_become_0_or_1) {
  llvm::Expected<Tensor> read = parseNpy(npy(header("|b1", "(3,)"), {0, 1, 255}));
  ASSERT_TRUE(bool(read)) << llvm::toString(read.takeError());
  EXPECT_EQ(read->raw().vec(), Bytes({0, 1, 1}));
}

TEST(Npy, refuses_damaged_files) {
  Bytes whole = formatNpy(Tensor::zeros(DType::F32, {3}));
  for (size_t size = 0; size < whole.size(); ++size)
    EXPECT_NE(refusal(parseNpy(llvm::ArrayRef<uint8_t>(whole).take_front(size))), "") << size;
  whole.push_back(0);
  EXPECT_NE(refusal(parseNpy(whole)), "");
  for (const char *shape : {"(-1,)", "(3", "3", "(4611686018427387904, 4611686018427387904)",
                            "(99999999999999999999,)", "(1,) 'x'"})
    EXPECT_NE(refusal(parseNpy(npy(header("<f4", shape), Bytes(4)))), "") << shape;
  for (const char *text : {"", "{}", "{'descr': '<f4'}", "{'descr': [('a', '<f4')]}",
                           "{'descr': '<f4', 'fortran_order': False, 'shape': (), 'more': 1}"})
    EXPECT_NE(refusal(parseNpy(npy(text, Bytes(4)))), "") << text;
}

TEST(Npy, names_what_it_does_not_read) {
  EXPECT_NE(refusal(parseNpy(npy(header(">f4", "()"), Bytes(4)))).find("big-endian"),
            std::string::npos);
  EXPECT_NE(refusal(parseNpy(npy(header("<c8", "()"), Bytes(8)))).find("'<c8'"), std::string::npos);
}

static Bytes archive() {
  std::vector<NamedTensor> tensors;
  tensors.push_back({"first", Tensor::of(DType::F32, {2}, {1, 2})});
  tensors.push_back({"second", Tensor::of(DType::I64, {}, {-3})});
  return llvm::cantFail(formatNpz(tensors));
}

TEST(Npz, survives) {
  llvm::Expected<std::vector<NamedTensor>> read = parseNpz(archive());
  ASSERT_TRUE(bool(read)) << llvm::toString(read.takeError());
  ASSERT_EQ(read->size(), 2u);
  EXPECT_EQ((*read)[0].name, "first");
  EXPECT_EQ((*read)[0].tensor.real(1), 2);
  EXPECT_EQ((*read)[1].tensor.integer(0), -3);
}

TEST(Npz, reads_what_numpy_compresses) {
  // numpy.savez_compressed with a = zeros(40, i8): zip64 local header, deflated member.
  const uint8_t bytes[] = {
      80,  75,  3,   4,   45,  0,   0,   0,   8,   0,   0,   0,   33,  0,   206, 63,  73,  72,  255,
      255, 255, 255, 255, 255, 255, 255, 5,   0,   20,  0,   97,  46,  110, 112, 121, 1,   0,   16,
      0,   168, 0,   0,   0,   0,   0,   0,   0,   72,  0,   0,   0,   0,   0,   0,   0,   155, 236,
      23,  234, 27,  16,  201, 200, 80,  198, 80,  173, 158, 146, 90,  156, 92,  164, 110, 165, 160,
      94,  147, 105, 168, 174, 163, 160, 158, 150, 95,  84,  82,  148, 152, 23,  159, 95,  148, 146,
      10,  18,  119, 75,  204, 41,  78,  5,   138, 23,  103, 36,  22,  164, 2,   249, 26,  38,  6,
      58,  154, 58,  10,  181, 10,  228, 3,   46,  6,   34,  1,   0,   80,  75,  1,   2,   45,  3,
      45,  0,   0,   0,   8,   0,   0,   0,   33,  0,   206, 63,  73,  72,  72,  0,   0,   0,   168,
      0,   0,   0,   5,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   128, 1,   0,   0,
      0,   0,   97,  46,  110, 112, 121, 80,  75,  5,   6,   0,   0,   0,   0,   1,   0,   1,   0,
      51,  0,   0,   0,   127, 0,   0,   0,   0,   0};
  llvm::Expected<std::vector<NamedTensor>> read = parseNpz(bytes);
  ASSERT_TRUE(bool(read)) << llvm::toString(read.takeError());
  ASSERT_EQ(read->size(), 1u);
  EXPECT_EQ((*read)[0].name, "a");
  EXPECT_EQ((*read)[0].tensor.dtype(), DType::I8);
  EXPECT_EQ((*read)[0].tensor.count(), 40);
}

TEST(Npz, refuses_damaged_files_without_reading_outside) {
  Bytes whole = archive();
  for (size_t size = 0; size < whole.size(); ++size)
    EXPECT_NE(refusal(parseNpz(llvm::ArrayRef<uint8_t>(whole).take_front(size))), "") << size;
  // Any byte may be anything: the parser either refuses or gives sound tensors.
  for (size_t at = 0; at < whole.size(); ++at)
    for (uint8_t value : {0x00, 0x7f, 0xff}) {
      Bytes damaged = whole;
      damaged[at] = value;
      llvm::Expected<std::vector<NamedTensor>> read = parseNpz(damaged);
      if (!read)
        llvm::consumeError(read.takeError());
      else
        EXPECT_LE(read->size(), 2u);
    }
}

TEST(Tensor, sizes_do_not_overflow) {
  EXPECT_EQ(byteCount(DType::F32, {1 << 20, 1 << 20}), int64_t(1) << 42);
  EXPECT_EQ(byteCount(DType::F32, {int64_t(1) << 62}), std::nullopt);
  EXPECT_EQ(elementCount({int64_t(1) << 40, int64_t(1) << 40}), std::nullopt);
  EXPECT_EQ(elementCount({int64_t(1) << 40, int64_t(1) << 40, 0}), 0);
  EXPECT_EQ(elementCount({-1}), std::nullopt);
  EXPECT_NE(refusal(Tensor::create(DType::F64, {int64_t(1) << 60})), "");
}

TEST(Tensor, halves_round_once) {
  Tensor half = Tensor::zeros(DType::F16, {1}), brain = Tensor::zeros(DType::BF16, {1});
  auto both = [&](double value) {
    half.setReal(0, value);
    brain.setReal(0, value);
    return std::pair(half.real(0), brain.real(0));
  };
  EXPECT_EQ(both(1 + 0x1p-11), std::pair(1.0, 1.0));
  EXPECT_EQ(both(1 + 0x1p-11 + 0x1p-40), std::pair(1 + 0x1p-10, 1.0));
  EXPECT_EQ(both(65519).first, 65504);
  EXPECT_EQ(both(65520).first, HUGE_VAL);
  EXPECT_EQ(both(0x1p-24).first, 0x1p-24);
  EXPECT_EQ(both(0x1p-25).first, 0);
  EXPECT_EQ(both(0x1.8p-25).first, 0x1p-24);
  EXPECT_EQ(both(0x1p-133).second, 0x1p-133);
  EXPECT_TRUE(std::isnan(both(NAN).second));
}
