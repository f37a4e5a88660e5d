//===- Sha256Test.cpp - SHA-256 and the digest of sections ----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "runtime/Artifact/ContentHash.h"

#include <gtest/gtest.h>
#include <string>
#include <vector>

using namespace fvm;

static std::string hex(const Digest &digest) {
  std::string text;
  for (uint8_t byte : digest)
    for (int shift : {4, 0})
      text += "0123456789abcdef"[byte >> shift & 15];
  return text;
}

namespace {
struct Vector {
  std::string text;
  const char *digest;
};
} // namespace

/// FIPS 180-4 examples and NIST's long message.
static std::vector<Vector> vectors() {
  return {
      {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
      {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
      {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
       "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
      {"abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqr"
       "lmnopqrsmnopqrstnopqrstu",
       "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"},
      {std::string(1000000, 'a'),
       "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"},
  };
}

TEST(Sha256, known_vectors_portable) {
  for (const Vector &v : vectors())
    EXPECT_EQ(hex(sha256(v.text.data(), v.text.size(), Sha256Kind::Portable)), v.digest);
}

TEST(Sha256, known_vectors_native) {
  if (!hasNativeSha256())
    GTEST_SKIP() << "this CPU has no SHA extensions";
  for (const Vector &v : vectors())
    EXPECT_EQ(hex(sha256(v.text.data(), v.text.size(), Sha256Kind::Native)), v.digest);
}

TEST(Sha256, a_changed_bit_changes_the_digest) {
  std::string text(200, 'x');
  Digest before = sha256(text.data(), text.size());
  text[150] ^= 1;
  EXPECT_NE(before, sha256(text.data(), text.size()));
}

TEST(Sha256, portable_and_native_agree_at_every_length_and_split) {
  std::vector<uint8_t> data(300);
  for (size_t i = 0; i < data.size(); ++i)
    data[i] = uint8_t(i * 7 + 3);
  for (size_t size = 0; size <= data.size(); ++size) {
    Digest whole = sha256(data.data(), size, Sha256Kind::Portable);
    EXPECT_EQ(whole, sha256(data.data(), size, Sha256Kind::Native));
    Sha256 split;
    size_t first = size * 2 / 3;
    split.update(data.data(), first);
    split.update(data.data() + first, size - first);
    EXPECT_EQ(whole, split.finish());
  }
}

TEST(ContentHash, is_the_hash_of_the_chunk_hashes) {
  std::vector<uint8_t> data(2 * hashChunkBytes + 5, 9);
  std::vector<Digest> chunks = {sha256(data.data(), hashChunkBytes),
                                sha256(data.data() + hashChunkBytes, hashChunkBytes),
                                sha256(data.data() + 2 * hashChunkBytes, 5)};
  Bytes whole{data.data(), data.size()};
  EXPECT_EQ(contentHash({&whole, 1}), sha256(chunks.data(), 96));
  Bytes nothing;
  EXPECT_EQ(contentHash({&nothing, 1}), sha256("", 0));
  EXPECT_EQ(contentHash({}), sha256("", 0));
}

TEST(ContentHash, does_not_depend_on_parts_or_threads) {
  std::vector<uint8_t> data(3 * hashChunkBytes + 77);
  for (size_t i = 0; i < data.size(); ++i)
    data[i] = i > 100000 && i < 1300000 ? 0 : uint8_t(i * 31 >> 3);
  Bytes whole{data.data(), data.size()};
  Digest expected = contentHash({&whole, 1}, 1);
  EXPECT_EQ(expected, contentHash({&whole, 1}, 8));
  const Bytes parts[] = {{data.data(), 100001},
                         {data.data(), 0},
                         {nullptr, 1199999},
                         {data.data() + 1300000, data.size() - 1300000}};
  EXPECT_EQ(expected, contentHash(parts, 2));
}
