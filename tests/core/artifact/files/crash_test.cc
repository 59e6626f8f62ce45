// A process that ends at any moment leaves nothing behind that a later one would wrongly believe.
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <functional>

#include "core/artifact/files/file_artifact_store.h"
#include "tests/core/artifact/files/artifact_story.h"
#include "tests/support/fake_clock.h"
#include "tests/support/temporary_folder.h"

namespace ruyi {
namespace {

constexpr int kCrashed = 42;

using Act = std::function<absl::Status(ArtifactStore&)>;

// Runs `act` in a process that ends at boundary number `last`; returns that process's exit code.
int RunUntil(int last, const std::string& folder, const Act& act) {
  const pid_t child = fork();
  if (child == 0) {
    int boundaries = 0;
    FileArtifactStoreOptions options;
    options.at_boundary = [&boundaries, last](std::string_view) {
      if (++boundaries == last)
        _exit(kCrashed);
      return 0;
    };
    FakeClock clock;
    const auto store = FileArtifactStore::Open(folder, std::move(options), clock);
    _exit(store.ok() && act(**store).ok() ? 0 : 1);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WEXITSTATUS(status);
}

TEST(Crash, LeavesWholeBlobsRightPrefixesAndTrueSeals) {
  const TemporaryFolder folder;
  int exit_code = kCrashed;
  int boundary = 0;
  while (exit_code == kCrashed) {
    const std::string store_folder = folder.path() / std::to_string(++boundary);
    exit_code = RunUntil(boundary, store_folder, [](ArtifactStore& store) { return story::Tell(store, 1); });
    FakeClock clock;
    ASSERT_OK_AND_ASSIGN(const auto store, FileArtifactStore::Open(store_folder, {}, clock));
    EXPECT_TRUE(std::filesystem::is_empty(std::filesystem::path(store_folder) / "partial")) << boundary;
    story::CheckNothingIsWrong(*store);
    ASSERT_THAT(story::Tell(*store, 2), IsOk()) << "after a crash at boundary " << boundary;
    story::CheckAllIsThere(*store);
    ASSERT_THAT(story::Forget(*store), IsOk());
    EXPECT_EQ(*store->UsedBytes(), 0) << boundary;
  }
  EXPECT_EQ(exit_code, 0);
  EXPECT_GT(boundary, 40);
}

TEST(Crash, LeavesNoSealWithoutAllOfItsBytesWhileAResultIsDeleted) {
  const TemporaryFolder folder;
  int exit_code = kCrashed;
  for (int boundary = 1; exit_code == kCrashed; ++boundary) {
    const std::string store_folder = folder.path() / std::to_string(boundary);
    FakeClock clock;
    ASSERT_OK_AND_ASSIGN(const auto before, FileArtifactStore::Open(store_folder, {}, clock));
    ASSERT_THAT(story::Tell(*before, 1), IsOk());
    exit_code = RunUntil(boundary, store_folder, &story::Forget);
    ASSERT_OK_AND_ASSIGN(const auto store, FileArtifactStore::Open(store_folder, {}, clock));
    story::CheckNothingIsWrong(*store);
    ASSERT_THAT(story::Forget(*store), IsOk());
    EXPECT_EQ(*store->UsedBytes(), 0);
    EXPECT_THAT(*store->ResultIds(), testing::IsEmpty());
  }
  EXPECT_EQ(exit_code, 0);
}

}  // namespace
}  // namespace ruyi
