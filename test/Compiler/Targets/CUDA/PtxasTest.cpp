//===- PtxasTest.cpp - the assembler as a child process -------------------===//
//
// The assembler here is a script, so that no case needs NVIDIA's; test/Assembly/Device runs that.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Targets/CUDA/Ptxas.h"

#include "llvm/ADT/SmallString.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"

#include <gtest/gtest.h>

using namespace fovea;

namespace {

/// What ptxas 13.5 prints for two kernels.
constexpr const char *kReport = R"(ptxas info    : 0 bytes gmem
ptxas info    : Compiling entry function 'first' for 'sm_80'
ptxas info    : Function properties for first
    8 bytes stack frame, 12 bytes spill stores, 16 bytes spill loads
ptxas info    : Used 120 registers, used 1 barriers, 408 bytes cmem[0]
ptxas info    : Compiling entry function 'second' for 'sm_80'
ptxas info    : Function properties for second
    0 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads
ptxas info    : Used 16 registers, used 0 barriers, 256 bytes smem, 380 bytes cmem[0]
)";

/// What the newest one says of itself, behind its copyright.
constexpr const char *kRelease = "Cuda compilation tools, release 13.5, V13.5.37";

/// A folder with a program `ptxas` that runs `text`, or prints `version` when it is asked for that;
/// removed with its contents.
class Script {
public:
  explicit Script(llvm::StringRef text, llvm::StringRef version = kRelease) {
    EXPECT_FALSE(llvm::sys::fs::createUniqueDirectory("fovea-ptxas", folder));
    path = folder;
    llvm::sys::path::append(path, "ptxas");
    std::error_code error;
    llvm::raw_fd_ostream(path, error)
        << "#!/bin/sh\n"
        << "if [ $1 = --version ]; then echo '" << version << "'; exit; fi\n"
        << text << "\n";
    EXPECT_FALSE(error);
    EXPECT_FALSE(llvm::sys::fs::setPermissions(path, llvm::sys::fs::all_all));
  }
  ~Script() { llvm::sys::fs::remove_directories(folder); }

  llvm::SmallString<128> folder, path;
};

TEST(Ptxas, ReadsWhatEachKernelUses) {
  std::vector<cuda::KernelUsage> kernels = cuda::readUsage(kReport);
  ASSERT_EQ(kernels.size(), 2u);
  EXPECT_EQ(kernels[0].name, "first");
  EXPECT_EQ(kernels[0].registers, 120);
  EXPECT_EQ(kernels[0].stack, 8);
  EXPECT_EQ(kernels[0].spillStores, 12);
  EXPECT_EQ(kernels[0].spillLoads, 16);
  EXPECT_EQ(kernels[1].registers, 16);
  EXPECT_EQ(kernels[1].shared, 256);
}

TEST(Ptxas, IsFoundByNameThenInFolders) {
  Script script("exit 0");
  std::string folder = script.folder.str().str();
  auto named = cuda::findPtxas(script.path);
  ASSERT_TRUE(bool(named));
  EXPECT_EQ(named->path, script.path.str());
  EXPECT_EQ(cuda::textOf(named->release), "13.5");
  auto beside = cuda::findPtxas("", {folder});
  ASSERT_TRUE(bool(beside));
  EXPECT_EQ(beside->path, script.path.str());
}

TEST(Ptxas, SaysThatANamedOneIsNoProgram) {
  auto found = cuda::findPtxas("/nowhere/ptxas");
  ASSERT_FALSE(bool(found));
  EXPECT_EQ(toString(found.takeError()),
            "ptxas cannot be run: '/nowhere/ptxas', which FOVEA_PTXAS or the option ptxas names, "
            "is no program");
}

TEST(Ptxas, IsTakenFromTheReleaseOnThatKnowsThePtx) {
  Script oldest("exit 1", "Cuda compilation tools, release 12.0, V12.0.76");
  EXPECT_TRUE(bool(cuda::findPtxas(oldest.path)));
  Script older("exit 1", "Cuda compilation tools, release 11.8, V11.8.89");
  auto found = cuda::findPtxas("", {older.folder.str().str()});
  ASSERT_FALSE(bool(found));
  EXPECT_EQ(toString(found.takeError()),
            "ptxas '" + older.path.str().str() +
                "' is of CUDA 11.8, and PTX 8.0 needs that of CUDA 12.0 or later: install the "
                "Python package nvidia-cuda-nvcc or the CUDA toolkit, of 12.0 or later, and let "
                "FOVEA_PTXAS or the option ptxas name its ptxas");
}

TEST(Ptxas, IsNotWhatSaysNoRelease) {
  for (const char *version : {"cat (GNU coreutils) 9.4", ""}) {
    Script other("exit 1", version);
    auto found = cuda::findPtxas(other.path);
    ASSERT_FALSE(bool(found));
    EXPECT_NE(toString(found.takeError()).find("' is no ptxas, as '--version' gives no release"),
              std::string::npos);
  }
}

TEST(Ptxas, GivesTheCubinAndTheReport) {
  Script script("echo \"ptxas info : Compiling entry function 'k' for '$4'\" >&2\n"
                "cp \"$7\" \"$6\"");
  auto cubin = cuda::assemble("the text", "sm_90", script.path);
  ASSERT_TRUE(bool(cubin)) << toString(cubin.takeError());
  EXPECT_EQ(std::string(cubin->bytes.begin(), cubin->bytes.end()), "the text");
  ASSERT_EQ(cubin->kernels.size(), 1u);
  EXPECT_EQ(cubin->kernels[0].name, "k");
  EXPECT_NE(cubin->report.find("for 'sm_90'"), std::string::npos);
}

TEST(Ptxas, QuotesWhatTheAssemblerRefuses) {
  Script script("echo 'ptxas fatal : Unresolved extern function' >&2; exit 1");
  auto cubin = cuda::assemble("the text", "sm_80", script.path);
  ASSERT_FALSE(bool(cubin));
  EXPECT_EQ(toString(cubin.takeError()), "ptxas refuses the device code for sm_80: ptxas fatal : "
                                         "Unresolved extern function");
}

} // namespace
