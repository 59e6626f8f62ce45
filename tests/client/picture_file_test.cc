#include "client/picture_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "tests/support/temporary_folder.h"

namespace ruyi::client {
namespace {

using testing::HasSubstr;

std::string ErrorOf(const std::string& path) {
  return std::string(ReadPicture(path).status().message());
}

// Makes a file of zeros that takes no room on the disk.
std::string WriteZeros(const TemporaryFolder& folder, size_t bytes) {
  const std::string path = folder.Write("zeros.png", "");
  std::filesystem::resize_file(path, bytes);
  return path;
}

TEST(PictureFile, IsReadUpToItsLimit) {
  const TemporaryFolder folder;
  const auto bytes = ReadPicture(WriteZeros(folder, kMaxPictureBytes));
  ASSERT_TRUE(bytes.ok()) << bytes.status();
  EXPECT_EQ(bytes->size(), kMaxPictureBytes);
}

TEST(PictureFile, IsRefusedBeyondItsLimit) {
  const TemporaryFolder folder;
  const std::string path = WriteZeros(folder, kMaxPictureBytes + 1);
  EXPECT_EQ(ErrorOf(path), "has more than 64 MiB, which is the most that a picture may have");
}

TEST(PictureFile, NeedNotEnd) {
  EXPECT_THAT(ErrorOf("/dev/zero"), HasSubstr("has more than 64 MiB"));
}

TEST(PictureFile, MayBeAPipe) {
  const TemporaryFolder folder;
  const std::string path = folder.path() / "pipe";
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  const std::string picture(3'000'000, 'p');
  std::thread writer([&] { std::ofstream(path, std::ios::binary) << picture; });
  EXPECT_EQ(*ReadPicture(path), picture);
  writer.join();
}

TEST(PictureFile, SaysWhyItCannotBeRead) {
  EXPECT_THAT(ErrorOf("none.png"), HasSubstr("cannot be read: No such file"));
  EXPECT_THAT(ErrorOf("/proc/self/mem"), HasSubstr("cannot be read"));
}

}  // namespace
}  // namespace ruyi::client
