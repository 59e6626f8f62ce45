// Tests disks that are really full, and limits that the system sets, each in a process of its own.
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <fstream>
#include <functional>
#include <limits>

#include "core/artifact/files/file_artifact_store.h"
#include "core/base/error_info.h"
#include "tests/core/artifact/artifact_store_conformance.h"
#include "tests/support/fake_clock.h"
#include "tests/support/temporary_folder.h"

namespace ruyi {
namespace {

constexpr int kCannot = 77;

// Runs `act` in a process of its own, for it changes what the process may do; returns its exit code. A failed
// expectation of GoogleTest makes it 1.
int InChild(const std::function<void()>& act) {
  std::fflush(nullptr);
  const pid_t child = fork();
  if (child == 0) {
    act();
    std::fflush(nullptr);
    _exit(testing::Test::HasFailure() ? 1 : 0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

// Mounts a small file system at `folder`, which this process alone sees. Ends the process where it may not.
void MountSmallDisk(const std::string& folder) {
  const uid_t user = getuid();
  const gid_t group = getgid();
  if (unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0)
    _exit(kCannot);
  std::ofstream("/proc/self/setgroups") << "deny";
  std::ofstream("/proc/self/uid_map") << "0 " << user << " 1";
  std::ofstream("/proc/self/gid_map") << "0 " << group << " 1";
  if (mount("tmpfs", folder.c_str(), "tmpfs", 0, "size=1m") != 0)
    _exit(kCannot);
}

std::unique_ptr<FileArtifactStore> OpenStore(const std::string& folder, int64_t min_free_bytes, const Clock& clock) {
  auto store = FileArtifactStore::Open(folder, {.limits = {.min_free_bytes = min_free_bytes}}, clock);
  EXPECT_THAT(store, IsOk());
  return *std::move(store);
}

void CheckThatMuchDoesNotFit(FileArtifactStore& store) {
  const std::string much = SomeBytes(2 << 20);
  EXPECT_THAT(store.PutBlob(much), HasReason("DISK_FULL"));
  auto writer = store.OpenResult("job", 1);
  ASSERT_THAT(writer, IsOk());
  EXPECT_THAT(WriteText(**writer, "begin"), IsOk());
  EXPECT_THAT(WriteText(**writer, much), HasReason("DISK_FULL"));
  EXPECT_EQ(*ReadAll(store, "job"), "begin");
  EXPECT_EQ(*store.UsedBytes(), 5);
  EXPECT_THAT(WriteText(**writer, " and end"), IsOk());
  EXPECT_EQ(*(*writer)->Seal(), DigestOf("begin and end"));
}

TEST(FullDisk, IsToldAndLeavesNothingHalfDone) {
  const TemporaryFolder folder;
  const int code = InChild([&folder] {
    MountSmallDisk(folder.path());
    FakeClock clock;
    CheckThatMuchDoesNotFit(*OpenStore(folder.path(), 0, clock));
  });
  if (code == kCannot)
    GTEST_SKIP() << "this machine lets no test mount a disk of its own";
  EXPECT_EQ(code, 0);
}

TEST(FullDisk, CannotKeepAResultFromBeingDeleted) {
  const TemporaryFolder folder;
  const int code = InChild([&folder] {
    MountSmallDisk(folder.path());
    FakeClock clock;
    const auto store = OpenStore(folder.path(), 0, clock);
    auto writer = store->OpenResult("job", 1);
    ASSERT_THAT(writer, IsOk());
    absl::Status status = absl::OkStatus();
    while (status.ok())
      status = WriteText(**writer, SomeBytes(4096));
    EXPECT_THAT(status, HasReason("DISK_FULL"));
    EXPECT_THAT((*writer)->Seal(), HasReason("DISK_FULL"));
    EXPECT_THAT(store->DeleteResult("job"), IsOk());
    writer->reset();  // until then it holds the bytes
    EXPECT_THAT(WriteResult(*store, "job", SomeBytes(100'000)), IsOk());
  });
  if (code == kCannot)
    GTEST_SKIP() << "this machine lets no test mount a disk of its own";
  EXPECT_EQ(code, 0);
}

TEST(FullDisk, IsOneWithLessFreeThanMustStayFree) {
  const TemporaryFolder folder;
  FakeClock clock;
  const auto store = OpenStore(folder.path(), std::numeric_limits<int64_t>::max(), clock);
  const auto blob = store->PutBlob("1");
  EXPECT_THAT(blob, StatusIs(absl::StatusCode::kResourceExhausted));
  EXPECT_THAT(blob, HasReason("DISK_FULL"));
  EXPECT_TRUE(GetErrorInfo(blob.status()).retry_delay.has_value());
  EXPECT_THAT(OpenStore(folder.path(), 1, clock)->PutBlob("1"), IsOk());
}

// The system writes as much as it may, and then nothing.
TEST(FullDisk, CutsNoWriteShort) {
  const TemporaryFolder folder;
  EXPECT_EQ(InChild([&folder] {
              signal(SIGXFSZ, SIG_IGN);
              const rlimit limit{.rlim_cur = 100'000, .rlim_max = 100'000};
              ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &limit), 0);
              FakeClock clock;
              const auto store = OpenStore(folder.path(), 0, clock);
              auto writer = store->OpenResult("job", 1);
              ASSERT_THAT(writer, IsOk());
              EXPECT_THAT(WriteText(**writer, "begin"), IsOk());
              EXPECT_THAT(WriteText(**writer, SomeBytes(200'000)), StatusIs(absl::StatusCode::kInternal));
              EXPECT_EQ(*ReadAll(*store, "job"), "begin");
              EXPECT_EQ(*store->UsedBytes(), 5);
            }),
            0);
}

}  // namespace
}  // namespace ruyi
