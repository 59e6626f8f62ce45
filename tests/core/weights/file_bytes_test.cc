#include "core/weights/file_bytes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <atomic>
#include <thread>

#include "core/base/error_reasons.h"
#include "core/weights/mapped_files.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_folder.h"

namespace ruyi {
namespace {

using testing::HasSubstr;

constexpr int64_t kAny = int64_t{1} << 40;

// The folder of a file that is mapped, all of it zeros that take no room on the disk.
class MappedFileTest : public testing::Test {
 protected:
  MappedFileTest() { std::filesystem::resize_file(path_, FileBytes::kMapFrom); }

  // Writes one byte, at a time that is not that of the file.
  void WriteInPlace() const {
    std::fstream(path_, std::ios::in | std::ios::out | std::ios::binary) << "x";
    std::filesystem::last_write_time(path_, std::filesystem::file_time_type::clock::now() + std::chrono::hours(1));
  }

  const TemporaryFolder folder_;
  const std::filesystem::path path_ = folder_.Write("large", "");
};

TEST(FileBytes, HoldsACopyOfASmallFile) {
  const TemporaryFolder folder;
  const std::filesystem::path path = folder.Write("x", "hello");
  ASSERT_OK_AND_ASSIGN(const auto file, FileBytes::Open(path));
  folder.Write("x", "other and longer");
  EXPECT_EQ(file->bytes(), "hello");
  std::filesystem::resize_file(path, 0);
  EXPECT_EQ(file->bytes(), "hello");
  EXPECT_THAT(file->CheckUnchanged(), IsOk());
}

TEST(FileBytes, AnEmptyFileHasNoBytes) {
  const TemporaryFolder folder;
  ASSERT_OK_AND_ASSIGN(const auto file, FileBytes::Open(folder.Write("x", "")));
  EXPECT_EQ(file->bytes(), "");
}

TEST(FileBytes, WhatIsNoFileIsRefused) {
  const TemporaryFolder folder;
  EXPECT_THAT(FileBytes::Open(folder.path() / "none"), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(FileBytes::Open(folder.path()), StatusIs(absl::StatusCode::kDataLoss));
  const std::filesystem::path pipe = folder.path() / "pipe";
  ASSERT_EQ(mkfifo(pipe.c_str(), S_IRWXU), 0);
  EXPECT_THAT(FileBytes::Open(pipe), StatusIs(absl::StatusCode::kDataLoss));
  EXPECT_THAT(FileBytes::Read(pipe, kAny), StatusIs(absl::StatusCode::kDataLoss));
}

TEST(FileBytes, ReadsUpToALimit) {
  const TemporaryFolder folder;
  const std::filesystem::path path = folder.Write("x", "hello");
  EXPECT_THAT(FileBytes::Read(path, 5), IsOk());
  EXPECT_THAT(FileBytes::Read(path, 4), StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("5 bytes")));
}

TEST(FileBytes, WhatMemoryCannotHoldIsResourceExhausted) {
  const TemporaryFolder folder;
  const std::filesystem::path path = folder.Write("x", "");
  constexpr int64_t kMoreThanThereIs = int64_t{8} << 40;
  std::error_code error;
  std::filesystem::resize_file(path, kMoreThanThereIs, error);
  if (error)
    GTEST_SKIP() << "the file system takes no such file";
  EXPECT_THAT(FileBytes::Read(path, kMoreThanThereIs), StatusIs(absl::StatusCode::kResourceExhausted));
}

// Repeats until the reader meets a write.
TEST(FileBytes, AFileThatIsWrittenMeanwhileIsRefused) {
  const TemporaryFolder folder;
  const std::filesystem::path path = folder.Write("x", std::string(1 << 20, 'a'));
  std::atomic<bool> is_done = false;
  std::thread writer([&] {
    for (int i = 0; !is_done; ++i)
      std::filesystem::resize_file(path, (1 << 20) + i % 2);
  });
  absl::Status status;
  while (status.ok())
    status = FileBytes::Read(path, kAny).status();
  is_done = true;
  writer.join();
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("written to while it was read")));
}

TEST_F(MappedFileTest, IsUnchangedAsLongAsNobodyWrites) {
  ASSERT_OK_AND_ASSIGN(const auto file, FileBytes::Open(path_));
  EXPECT_EQ(file->bytes().size(), FileBytes::kMapFrom);
  EXPECT_THAT(file->CheckUnchanged(), IsOk());
}

TEST_F(MappedFileTest, TellsThatItWasWrittenTo) {
  ASSERT_OK_AND_ASSIGN(const auto file, FileBytes::Open(path_));
  WriteInPlace();
  const absl::Status status = file->CheckUnchanged();
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kFailedPrecondition,
                               AllOf(HasSubstr(path_.string()), HasSubstr("by renaming"))));
  EXPECT_THAT(status, HasReason(reason::kModelChanged));
}

TEST_F(MappedFileTest, TellsThatItWasCutShort) {
  ASSERT_OK_AND_ASSIGN(const auto file, FileBytes::Open(path_));
  std::filesystem::resize_file(path_, 100);
  EXPECT_THAT(file->CheckUnchanged(), HasReason(reason::kModelChanged));
}

TEST_F(MappedFileTest, StaysAsItIsWhenAnotherTakesItsName) {
  ASSERT_OK_AND_ASSIGN(const auto file, FileBytes::Open(path_));
  std::filesystem::rename(folder_.Write("new", "x"), path_);
  EXPECT_THAT(file->CheckUnchanged(), IsOk());
  EXPECT_EQ(file->bytes().back(), '\0');
  std::filesystem::remove(path_);
  EXPECT_THAT(file->CheckUnchanged(), IsOk());
}

TEST_F(MappedFileTest, CountsOnlyWhileItIsUsed) {
  MappedFiles files;
  ASSERT_OK_AND_ASSIGN(auto file, FileBytes::Open(path_));
  files.Add(file);
  EXPECT_THAT(files.CheckUnchanged(), IsOk());
  WriteInPlace();
  EXPECT_THAT(files.CheckUnchanged(), HasReason(reason::kModelChanged));
  file.reset();
  EXPECT_THAT(files.CheckUnchanged(), IsOk());
}

}  // namespace
}  // namespace ruyi
