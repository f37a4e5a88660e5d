//===- SharedObjectTest.cpp - what the loader lets through ----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "runtime/Artifact/SharedObject.h"
#include "test/Runtime/Samples.h"

#include <elf.h>

using namespace fovea::test;
using fvm::checkSharedObject;

static fvm::Status check(const Image &code) {
  return checkSharedObject({code.data(), code.size()});
}

TEST(SharedObject, ordinary_code_is_accepted) {
  for (const char *name : {"code_empty", "code_sysv_hash", "code_memory", "code_lld"}) {
    fvm::Status status = check(readCode(name));
    EXPECT_TRUE(status.ok()) << name << ": " << status.message();
    load(pack(emptyManifest(), readCode(name), {nullptr, 64}));
  }
}

/// The check and the load of a whole artefact both refuse.
static void expectRefused(const std::string &name, const std::string &message) {
  Image code = readCode(name);
  fvm::Status status = check(code);
  EXPECT_NE(status.message().find(message), std::string::npos) << status.message();
  expectStatus(refuse(pack(emptyManifest(), code, {nullptr, 64})), FOVEA_BAD_ARTIFACT, message);
}

TEST(SharedObject, imports_are_refused) { expectRefused("code_import", "imports 'puts'"); }
TEST(SharedObject, needed_libraries_are_refused) {
  expectRefused("code_needed", "needs another library");
}
TEST(SharedObject, constructors_are_refused) {
  expectRefused("code_constructor", "has constructors or destructors");
}
TEST(SharedObject, thread_local_storage_is_refused) {
  expectRefused("code_thread_local", "has thread-local storage");
}
TEST(SharedObject, resolvers_are_refused) { expectRefused("code_resolver", "not allowed"); }
TEST(SharedObject, executable_stacks_are_refused) {
  expectRefused("code_stack", "executable stack");
}

TEST(SharedObject, other_machines_and_kinds_of_file_are_refused) {
  Image code = readCode("code_empty");
  auto &header = *reinterpret_cast<Elf64_Ehdr *>(code.data());
  header.e_machine = EM_RISCV;
  EXPECT_EQ(check(code).code(), fvm::Code::Incompatible);
  header.e_machine = EM_X86_64;
  header.e_type = ET_REL;
  EXPECT_NE(check(code).message().find("not a 64-bit shared object"), std::string::npos);
  EXPECT_FALSE(check(Image(10)).ok());
  EXPECT_FALSE(check(Image()).ok());
}

TEST(SharedObject, writable_code_is_refused) {
  Image code = readCode("code_empty");
  auto &header = *reinterpret_cast<Elf64_Ehdr *>(code.data());
  auto *segments = reinterpret_cast<Elf64_Phdr *>(code.data() + header.e_phoff);
  for (int i = 0; i < header.e_phnum; ++i)
    if (segments[i].p_type == PT_LOAD)
      segments[i].p_flags |= PF_W | PF_X;
  EXPECT_NE(check(code).message().find("writable and executable"), std::string::npos);
}

/// The hash makes such files unreachable; the check must not rely on it.
TEST(SharedObject, damaged_files_do_no_harm) {
  for (const char *name : {"code_empty", "code_sysv_hash", "code_lld"}) {
    Image code = readCode(name);
    size_t accepted = 0;
    for (size_t i = 0; i < code.size(); ++i) {
      for (std::byte flip : {std::byte(0xff), std::byte(1)}) {
        code[i] ^= flip;
        accepted += check(code).ok();
        code[i] ^= flip;
      }
    }
    EXPECT_LT(accepted, 2 * code.size());
    for (size_t size = 0; size < code.size(); ++size)
      (void)check(Image(code.begin(), code.begin() + ptrdiff_t(size))).ok();
  }
}
