//===- OpenBeneathTest.cpp - names that must not leave the folder ---------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Frontends/SafeTensors/OpenBeneath.h"
#include "test/Compiler/Frontends/SafeTensors/Files.h"

#include <sys/stat.h>

using namespace fovea;
using namespace fovea::test;
namespace fs = std::filesystem;

static std::string opened(const std::string &folder, const std::string &path,
                          Links links = Links::None) {
  std::string why;
  auto buffer = openBeneath(folder, path, links, why);
  return buffer ? buffer->getBuffer().str() : "refused: " + why;
}

static bool refuses(const std::string &folder, const std::string &path, const std::string &part,
                    Links links = Links::None) {
  std::string text = opened(folder, path, links);
  return text.starts_with("refused: ") && text.find(part) != std::string::npos;
}

TEST(OpenBeneath, ReadsPlainPathsBeneathTheFolder) {
  Folder folder;
  folder.write("a.bin", "one");
  folder.write("sub/b.bin", "two");
  EXPECT_EQ(opened(folder.path(), "a.bin"), "one");
  EXPECT_EQ(opened(folder.path(), "sub/b.bin"), "two");
}

TEST(OpenBeneath, RefusesNamesThatAreNoPlainPath) {
  Folder folder;
  folder.write("model/a.bin", "one");
  folder.write("secret", "no");
  std::string root = (folder / "model").string();
  for (std::string name : {"", "../secret", "a/../../secret", "/etc/passwd", "./a.bin", "a//b",
                           "a.bin/", "..", "a\\b", "a\nb"})
    EXPECT_TRUE(refuses(root, name, "not a plain path")) << name;
  EXPECT_TRUE(refuses(root, std::string("a.bin\0x", 7), "not a plain path"));
}

TEST(OpenBeneath, RefusesSymbolicLinksAnywhereInThePath) {
  Folder folder;
  folder.write("secret/s.bin", "no");
  folder.write("model/a.bin", "one");
  fs::create_symlink("../secret/s.bin", folder / "model/link.bin");
  fs::create_symlink("../secret", folder / "model/sub");
  fs::create_symlink("a.bin", folder / "model/same.bin");
  std::string root = (folder / "model").string();
  EXPECT_TRUE(refuses(root, "link.bin", "symbolic links"));
  EXPECT_TRUE(refuses(root, "sub/s.bin", "cannot open 'sub'"));
  EXPECT_TRUE(refuses(root, "same.bin", "symbolic links"));
  EXPECT_TRUE(refuses(root, "link.bin", "symbolic links", Links::HubCache));
}

TEST(OpenBeneath, FollowsTheHubCachesOwnLinksAlone) {
  Folder folder;
  folder.write("blobs/0123abcdef", "blob");
  folder.write("blobs/named", "no");
  folder.write("snapshots/rev/config.json", "{}");
  fs::create_symlink("../../blobs/0123abcdef", folder / "snapshots/rev/model");
  fs::create_symlink("../../blobs/named", folder / "snapshots/rev/named");
  fs::create_symlink("../../blobs/../blobs/0123abcdef", folder / "snapshots/rev/dots");
  fs::create_symlink("/etc/passwd", folder / "blobs/ffff");
  fs::create_symlink("../../blobs/ffff", folder / "snapshots/rev/twice");
  std::string root = (folder / "snapshots/rev").string();
  EXPECT_EQ(opened(root, "model", Links::HubCache), "blob");
  // A link in a folder of the snapshot goes up once more.
  fs::create_directories(folder / "snapshots/rev/1_Pooling");
  fs::create_symlink("../../../blobs/0123abcdef", folder / "snapshots/rev/1_Pooling/config");
  fs::create_symlink("../../blobs/0123abcdef", folder / "snapshots/rev/1_Pooling/short");
  EXPECT_EQ(opened(root, "1_Pooling/config", Links::HubCache), "blob");
  EXPECT_TRUE(refuses(root, "1_Pooling/short", "symbolic links", Links::HubCache));
  EXPECT_TRUE(refuses(root, "model", "symbolic links", Links::None));
  for (std::string name : {"named", "dots", "twice"})
    EXPECT_TRUE(refuses(root, name, "symbolic links", Links::HubCache)) << name;
}

TEST(OpenBeneath, RefusesWhatIsNoRegularFile) {
  Folder folder;
  folder.write("sub/a.bin", "one");
  ASSERT_EQ(::mkfifo((folder / "pipe").c_str(), 0600), 0);
  EXPECT_TRUE(refuses(folder.path(), "sub", "not a regular file"));
  EXPECT_TRUE(refuses(folder.path(), "pipe", "not a regular file"));
}

TEST(OpenBeneath, TellsMissingFilesFromOthers) {
  Folder folder;
  fs::create_symlink("/nowhere", folder / "link");
  std::string why;
  bool missing = false;
  EXPECT_EQ(openBeneath(folder.path(), "none", Links::None, why, &missing), nullptr);
  EXPECT_TRUE(missing);
  EXPECT_EQ(openBeneath(folder.path(), "link", Links::None, why, &missing), nullptr);
  EXPECT_FALSE(missing);
}
