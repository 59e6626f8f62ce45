#include "core/reader/result_cursor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <memory>
#include <string>
#include <utility>

#include "core/artifact/files/file_artifact_store.h"
#include "core/base/error_info.h"
#include "core/base/error_reasons.h"
#include "core/digest/crc32c.h"
#include "core/store/memory/memory_job_store.h"
#include "tests/core/store/test_jobs.h"
#include "tests/support/distant_artifact_store.h"
#include "tests/support/fake_clock.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_folder.h"

namespace ruyi {
namespace {

std::span<const uint8_t> BytesOf(const std::string& text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

class ResultCursorTest : public testing::Test {
 protected:
  ResultCursorTest() : jobs_(JobStoreOptions(), clock_) {
    artifacts_ = *FileArtifactStore::Open(folder_.path().string(), {}, clock_);
    EXPECT_THAT(jobs_.Create(TestNewJob("job")), IsOk());
    lease_ = **jobs_.Claim("worker", absl::Minutes(1));
  }

  void Open() { writer_ = *artifacts_->OpenResult("job", lease_.token); }
  void Write(const std::string& bytes) { EXPECT_THAT(writer_->Write(BytesOf(bytes)), IsOk()); }

  void Complete() {
    JobCompleted completed;
    completed.result.file = *writer_->Seal();
    EXPECT_THAT(jobs_.Finish(lease_, completed), IsOk());
  }

  ResultCursor Cursor(const ReadRange& range = {}) { return ResultCursor(jobs_, *artifacts_, "job", range); }

  // The next chunk, which must be there.
  static ResultChunk Take(ResultCursor& cursor) {
    absl::StatusOr<std::optional<ResultChunk>> chunk = cursor.Next();
    EXPECT_TRUE(chunk.ok() && chunk->has_value());
    return chunk.ok() ? std::move(*chunk).value_or(ResultChunk()) : ResultChunk();
  }

  // Returns all bytes that the cursor gives now.
  static std::string Drain(ResultCursor& cursor) {
    std::string bytes;
    while (true) {
      const absl::StatusOr<std::optional<ResultChunk>> chunk = cursor.Next();
      EXPECT_THAT(chunk, IsOk());
      if (!chunk.ok() || !chunk->has_value())
        return bytes;
      EXPECT_LE((*chunk)->data.size(), kMaxChunkBytes);
      EXPECT_EQ((*chunk)->crc32c, Crc32c((*chunk)->data));
      bytes += (*chunk)->data;
    }
  }

  const TemporaryFolder folder_;
  FakeClock clock_;
  MemoryJobStore jobs_;
  std::unique_ptr<FileArtifactStore> artifacts_;
  Lease lease_;
  std::unique_ptr<ResultWriter> writer_;
};

TEST_F(ResultCursorTest, HasNothingToReadBeforeTheFirstBytes) {
  ResultCursor cursor = Cursor();
  EXPECT_THAT(cursor.Next(), HasReason(reason::kResultNotReady));
  Open();
  EXPECT_THAT(cursor.Next(), HasReason(reason::kResultNotReady));
  EXPECT_FALSE(cursor.done());
  Write("abc");
  EXPECT_EQ(Drain(cursor), "abc");
}

TEST_F(ResultCursorTest, FollowsAFileThatGrows) {
  Open();
  Write("abc");
  ResultCursor cursor = Cursor();
  EXPECT_EQ(Drain(cursor), "abc");
  Write("def");
  EXPECT_EQ(Drain(cursor), "def");
  EXPECT_FALSE(cursor.done());
  Complete();
  EXPECT_EQ(Drain(cursor), "");
  EXPECT_TRUE(cursor.done());
}

TEST_F(ResultCursorTest, TellsOfTheWholeFileWithItsLastBytes) {
  Open();
  Write(std::string(kMaxChunkBytes, 'x') + "abc");
  Complete();
  ResultCursor cursor = Cursor();
  const ResultChunk first = Take(cursor);
  EXPECT_EQ(first.data.size(), kMaxChunkBytes);
  EXPECT_FALSE(first.digest.has_value());
  EXPECT_FALSE(cursor.done());
  const ResultChunk last = Take(cursor);
  EXPECT_EQ(last.data, "abc");
  EXPECT_EQ(last.digest.value_or(FileDigest()).size_bytes, int64_t{kMaxChunkBytes} + 3);
  EXPECT_TRUE(cursor.done());
}

TEST_F(ResultCursorTest, TellsOfTheWholeFileAloneWhereAllBytesWereRead) {
  ResultCursor cursor = Cursor();
  Open();
  Write("abcdef");
  EXPECT_FALSE(Take(cursor).digest.has_value());
  Complete();
  const ResultChunk last = Take(cursor);
  EXPECT_EQ(last.offset, 6);
  EXPECT_EQ(last.data, "");
  EXPECT_EQ(last.digest.value_or(FileDigest()).size_bytes, 6);
  EXPECT_TRUE(cursor.done());
}

TEST_F(ResultCursorTest, TellsThatAFileIsGone) {
  Open();
  Write("abcdef");
  Complete();
  ASSERT_THAT(artifacts_->DeleteResult("job"), IsOk());
  EXPECT_THAT(Cursor().Next(), HasReason(reason::kArtifactCorrupt));
}

TEST_F(ResultCursorTest, ReadsFromAnOffsetToALimit) {
  Open();
  Write("abcdef");
  for (const bool is_whole : {false, true}) {
    if (is_whole)
      Complete();
    ResultCursor cursor = Cursor({.offset = 2, .limit = 3});
    const ResultChunk chunk = Take(cursor);
    EXPECT_EQ(chunk.data, "cde");
    EXPECT_FALSE(chunk.digest.has_value()) << is_whole;
    EXPECT_TRUE(cursor.done());
    EXPECT_EQ(Drain(cursor), "");
  }
}

TEST_F(ResultCursorTest, TellsOfTheWholeFileWhereTheLimitIsItsEnd) {
  Open();
  Write("abcdef");
  for (const bool is_whole : {false, true}) {
    if (is_whole)
      Complete();
    ResultCursor cursor = Cursor({.offset = 2, .limit = 4});
    const ResultChunk chunk = Take(cursor);
    EXPECT_EQ(chunk.data, "cdef");
    EXPECT_EQ(chunk.digest.has_value(), is_whole);
    EXPECT_TRUE(cursor.done());
  }
}

TEST_F(ResultCursorTest, ReadsNothingFromTheEnd) {
  Open();
  Write("abcdef");
  Complete();
  for (const std::optional<int64_t> limit : {std::optional<int64_t>(), std::optional<int64_t>(1)}) {
    ResultCursor cursor = Cursor({.offset = 6, .limit = limit});
    const ResultChunk chunk = Take(cursor);
    EXPECT_EQ(chunk.offset, 6);
    EXPECT_EQ(chunk.data, "");
    EXPECT_TRUE(chunk.digest.has_value());
    EXPECT_TRUE(cursor.done());
  }
}

TEST_F(ResultCursorTest, CutsLargeFilesIntoChunks) {
  const std::string bytes(3 * kMaxChunkBytes + 5, 'x');
  Open();
  Write(bytes);
  Complete();
  ResultCursor cursor = Cursor();
  EXPECT_EQ(Drain(cursor), bytes);
}

TEST_F(ResultCursorTest, RefusesAnOffsetBehindTheEnd) {
  Open();
  Write("abcdef");
  Complete();
  ResultCursor cursor = Cursor({.offset = 7, .limit = {}});
  const absl::Status status = cursor.Next().status();
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kOutOfRange));
  EXPECT_THAT(status, HasReason(reason::kOffsetPastEnd));
  EXPECT_EQ(GetErrorInfo(status).metadata["size_bytes"], "6");
}

TEST_F(ResultCursorTest, WaitsForAnOffsetThatTheFileHasNotComeTo) {
  Open();
  Write("abc");
  ResultCursor cursor = Cursor({.offset = 5, .limit = {}});
  EXPECT_EQ(Drain(cursor), "");
  EXPECT_FALSE(cursor.done());
  Write("defg");
  EXPECT_EQ(Take(cursor).data, "fg");
}

TEST_F(ResultCursorTest, RefusesAnOffsetThatTheFileDoesNotComeTo) {
  Open();
  Write("abc");
  ResultCursor cursor = Cursor({.offset = 5, .limit = {}});
  EXPECT_EQ(Drain(cursor), "");
  Complete();
  EXPECT_THAT(cursor.Next(), HasReason(reason::kOffsetPastEnd));
}

TEST_F(ResultCursorTest, RefusesAVideoThatWasNotMade) {
  ASSERT_THAT(jobs_.Finish(lease_, JobFailed{absl::InternalError("broken")}), IsOk());
  ResultCursor cursor = Cursor();
  EXPECT_THAT(cursor.Next(), StatusIs(absl::StatusCode::kFailedPrecondition));
  EXPECT_THAT(Cursor().Next(), HasReason(reason::kResultNotReady));
}

TEST_F(ResultCursorTest, EndsWithTheErrorOfTheJob) {
  Open();
  Write("abc");
  ResultCursor cursor = Cursor();
  EXPECT_EQ(Drain(cursor), "abc");
  const absl::Status broken = absl::InternalError("broken");
  ASSERT_THAT(jobs_.Finish(lease_, JobFailed{broken}), IsOk());
  ASSERT_THAT(artifacts_->DeleteResult("job"), IsOk());
  EXPECT_EQ(cursor.Next().status(), broken);
}

TEST_F(ResultCursorTest, TellsThatBytesHaveExpired) {
  Open();
  Write("abc");
  Complete();
  ASSERT_THAT(jobs_.Expire("job"), IsOk());
  ASSERT_THAT(artifacts_->DeleteResult("job"), IsOk());
  ResultCursor cursor = Cursor();
  EXPECT_THAT(cursor.Next(), HasReason(reason::kResultExpired));
}

TEST_F(ResultCursorTest, GivesNoBytesThatAreStillThereOfAnExpiredVideo) {
  Open();
  Write("abc");
  Complete();
  ASSERT_THAT(jobs_.Expire("job"), IsOk());
  ResultCursor cursor = Cursor();
  EXPECT_THAT(cursor.Next(), HasReason(reason::kResultExpired));
}

TEST_F(ResultCursorTest, TellsThatTheJobIsUnknown) {
  ResultCursor cursor(jobs_, *artifacts_, "other", {});
  EXPECT_THAT(cursor.Next(), StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(ResultCursorTest, TellsThatBytesAreDamaged) {
  Open();
  Write("abcdef");
  Complete();
  std::fstream(folder_.path() / "results" / "job.mp4", std::ios::in | std::ios::out | std::ios::binary) << 'X';
  ResultCursor cursor = Cursor();
  EXPECT_THAT(cursor.Next(), HasReason(reason::kArtifactCorrupt));
}

// Only the look at the state fails: the bytes were read just before.
TEST_F(ResultCursorTest, SaysThatTheStoreIsAwayAndGoesOnWhenItIsBack) {
  bool is_there = false;
  DistantArtifactStore distant(*artifacts_,
                               [&is_there](std::string_view call) { return is_there || call != "StatResult"; });
  Open();
  Write("bytes");
  ResultCursor beyond(jobs_, distant, "job", {.offset = 9});
  EXPECT_THAT(beyond.Next(), HasReason(reason::kStoreUnavailable));
  ResultCursor cursor(jobs_, distant, "job", {});
  EXPECT_THAT(cursor.Next(), HasReason(reason::kStoreUnavailable));
  is_there = true;
  EXPECT_EQ(Take(cursor).data, "bytes");
  is_there = false;
  EXPECT_THAT(cursor.Next(), HasReason(reason::kStoreUnavailable));
  is_there = true;
  Write(" and more");
  EXPECT_EQ(Take(cursor).data, " and more");
}

}  // namespace
}  // namespace ruyi
