//===- DamageTest.cpp - damaged artefacts are refused ---------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "runtime/Artifact/Reader.h"
#include "test/Runtime/Samples.h"

#include <cstring>
#include <span>

using namespace fovea::test;
using fvm::FileHeader;
using fvm::SectionKind;
using fvm::SectionRecord;

/// Refused with the words that tell what to do.
static void expectRefused(std::span<const std::byte> image, const char *what, size_t where) {
  fovea_module *module = nullptr;
  StatusPtr status(fovea_module_load_memory(image.data(), image.size(), nullptr, &module));
  ModulePtr freed(module);
  ASSERT_NE(status, nullptr) << what << " " << where << " was accepted";
  fovea_code code = fovea_status_code(status.get());
  EXPECT_TRUE(code == FOVEA_BAD_ARTIFACT || code == FOVEA_INCOMPATIBLE) << code;
  EXPECT_NE(strstr(fovea_status_message(status.get()), "recompile the model with 'fovea compile"),
            nullptr)
      << fovea_status_message(status.get());
}

TEST(Damage, every_changed_byte_is_refused) {
  Image image = packEmpty();
  load(image);
  for (size_t i = 0; i < image.size() && !testing::Test::HasFailure(); ++i) {
    image[i] ^= std::byte(1 << i % 8);
    expectRefused(image, "a change of byte", i);
    image[i] ^= std::byte(1 << i % 8);
  }
  load(image);
}

TEST(Damage, every_prefix_is_refused) {
  const Image image = packEmpty();
  for (size_t size = 0; size < image.size() && !testing::Test::HasFailure(); ++size)
    expectRefused({image.data(), size}, "a prefix of", size);
}

TEST(Damage, bytes_after_the_end_are_refused) {
  Image image = packEmpty();
  image.push_back(std::byte(0));
  expectStatus(refuse(image), FOVEA_BAD_ARTIFACT, "its header says");
}

namespace {
/// An artefact whose header and table can be changed and hashed again, to reach the checks that
/// the hash stands in front of.
struct Forged {
  Image image = packEmpty();

  FileHeader &header() { return *reinterpret_cast<FileHeader *>(image.data()); }
  SectionRecord &record(size_t i) {
    return reinterpret_cast<SectionRecord *>(image.data() + sizeof(FileHeader))[i];
  }
  void hashAgain() {
    fvm::Sha256 hash;
    hash.update(image.data(), offsetof(FileHeader, hash));
    hash.update(&record(0), header().sectionCount * sizeof(SectionRecord));
    header().hash = hash.finish();
  }
  void expect(fovea_code code, const char *message) {
    hashAgain();
    expectStatus(refuse(image), code, message);
  }
};
} // namespace

TEST(Damage, another_format_or_abi_is_incompatible) {
  Forged version, abi;
  version.header().version = 2;
  version.expect(FOVEA_INCOMPATIBLE, "format version 2, this runtime reads 1");
  abi.header().abiHash ^= 1;
  abi.expect(FOVEA_INCOMPATIBLE, "another ABI version");
}

TEST(Damage, header_rules_are_checked_behind_the_hash) {
  Forged reserved, size, count;
  reserved.header().reserved[3] = 1;
  reserved.expect(FOVEA_BAD_ARTIFACT, "header breaks");
  size.header().sectionRecordBytes = 64;
  size.expect(FOVEA_BAD_ARTIFACT, "header breaks");
  count.header().sectionCount = 3;
  count.expect(FOVEA_BAD_ARTIFACT, "does not lie where it should");
}

TEST(Damage, table_rules_are_checked_behind_the_hash) {
  auto forge = [](const char *message, auto change) {
    Forged forged;
    change(forged);
    forged.expect(FOVEA_BAD_ARTIFACT, message);
  };
  forge("kind 9 is unknown", [](Forged &f) { f.record(0).kind = 9; });
  forge("breaks the format's rules", [](Forged &f) { f.record(0).space = 7; });
  forge("breaks the format's rules", [](Forged &f) { f.record(1).reserved[0] = 1; });
  forge("has a bad target", [](Forged &f) { memset(f.record(2).target, 'a', 32); });
  forge("has a bad target", [](Forged &f) { f.record(2).target[20] = 'x'; });
  forge("has a bad alignment", [](Forged &f) { f.record(3).alignment = 3; });
  forge("has a bad alignment", [](Forged &f) { f.record(3).alignment = 1; });
  forge("has a bad alignment", [](Forged &f) { f.record(3).alignment = 0; });
  forge("does not lie where", [](Forged &f) { f.record(1).offset += 64; });
  forge("does not lie where", [](Forged &f) { f.record(3).size = UINT64_MAX; });
  forge("does not lie where", [](Forged &f) { f.record(0).size = 1; });
  forge("bytes after the last section", [](Forged &f) { f.record(3).size -= 1; });
  forge("occurs twice", [](Forged &f) { f.record(1).kind = f.record(0).kind; });
  forge("has no manifest", [](Forged &f) { strcpy(f.record(0).target, "x"); });
}

TEST(Damage, padding_must_be_zero) {
  Forged forged;
  forged.image[forged.record(3).offset - 1] = std::byte(1);
  forged.expect(FOVEA_BAD_ARTIFACT, "padding before section weights is not zero");
}

TEST(Damage, missing_code_is_incompatible) {
  Forged forged;
  strcpy(forged.record(2).target, "sm_90");
  forged.expect(FOVEA_INCOMPATIBLE, "no code for the CPU");
}

TEST(Damage, missing_entry_is_refused) {
  fvm::Manifest manifest = emptyManifest();
  manifest.entries[0].name = "other";
  StatusPtr status = refuse(pack(manifest, readCode("code_empty"), {nullptr, 64}));
  expectStatus(status, FOVEA_BAD_ARTIFACT, "no entry 'other'");
}
