#include "core/worker/chunker.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "tests/support/fake_video_encoder.h"
#include "tests/support/recording_event_sink.h"
#include "tests/support/status_matchers.h"

namespace ruyi {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

absl::Status WriteText(Chunker& chunker, const std::string& text) {
  return chunker.Write({reinterpret_cast<const uint8_t*>(text.data()), text.size()});
}

std::string Concatenated(const std::vector<JobChunk>& chunks) {
  std::string all;
  for (const JobChunk& chunk : chunks)
    all += chunk.data;
  return all;
}

TEST(Chunker, CutsBytesIntoChunksOf256KiB) {
  RecordingEventSink sink;
  Chunker chunker(&sink);
  const std::string bytes = FakeVideoBytes(2 * 256 * 1024 + 1);
  EXPECT_THAT(WriteText(chunker, bytes), IsOk());
  const std::vector<JobChunk> chunks = sink.EventsOf<JobChunk>();
  ASSERT_THAT(chunks, SizeIs(3));
  for (size_t i = 0; i < chunks.size(); ++i) {
    EXPECT_EQ(chunks[i].offset, static_cast<int64_t>(i * 256 * 1024));
    EXPECT_EQ(chunks[i].data.size(), i < 2 ? 256u * 1024 : 1u);
    EXPECT_EQ(chunks[i].digest.has_value(), false);
  }
  EXPECT_EQ(Concatenated(chunks), bytes);
}

TEST(Chunker, SendsExactly256KiBAsOneChunk) {
  RecordingEventSink sink;
  Chunker chunker(&sink);
  EXPECT_THAT(WriteText(chunker, FakeVideoBytes(256 * 1024)), IsOk());
  EXPECT_THAT(sink.events(), SizeIs(1));
}

TEST(Chunker, SendsEachWriteAtOnce) {
  RecordingEventSink sink;
  Chunker chunker(&sink);
  EXPECT_THAT(WriteText(chunker, "abc"), IsOk());
  ASSERT_THAT(sink.events(), SizeIs(1));
  EXPECT_THAT(WriteText(chunker, "de"), IsOk());
  const std::vector<JobChunk> chunks = sink.EventsOf<JobChunk>();
  ASSERT_THAT(chunks, SizeIs(2));
  EXPECT_EQ(chunks[1].offset, 3);
  EXPECT_EQ(Concatenated(chunks), "abcde");
}

TEST(Chunker, SendsNothingForNoBytes) {
  RecordingEventSink sink;
  Chunker chunker(&sink);
  EXPECT_THAT(WriteText(chunker, ""), IsOk());
  EXPECT_THAT(sink.events(), IsEmpty());
}

// The check value of CRC-32C (RFC 3720, catalogue of parametrised CRC algorithms).
TEST(Chunker, ChecksumsEachChunkWithCrc32c) {
  RecordingEventSink sink;
  Chunker chunker(&sink);
  EXPECT_THAT(WriteText(chunker, "123456789"), IsOk());
  EXPECT_THAT(WriteText(chunker, "123456789"), IsOk());
  for (const JobChunk& chunk : sink.EventsOf<JobChunk>())
    EXPECT_EQ(chunk.crc32c, 0xE3069283u);
}

TEST(Chunker, EndsWithAnEmptyChunkThatDescribesTheFile) {
  RecordingEventSink sink;
  Chunker chunker(&sink);
  EXPECT_THAT(WriteText(chunker, "ab"), IsOk());
  EXPECT_THAT(WriteText(chunker, "c"), IsOk());
  ASSERT_OK_AND_ASSIGN(const FileDigest digest, chunker.Finish());
  const JobChunk last = sink.EventsOf<JobChunk>().back();
  EXPECT_EQ(last.offset, 3);
  EXPECT_EQ(last.data, "");
  EXPECT_EQ(last.crc32c, 0u);
  ASSERT_TRUE(last.digest.has_value());
  EXPECT_EQ(last.digest->size_bytes, digest.size_bytes);
  EXPECT_EQ(last.digest->sha256, digest.sha256);
}

// SHA-256 of "abc" and of nothing: FIPS 180-4, examples.
TEST(Chunker, DigestsTheWholeFile) {
  RecordingEventSink sink;
  Chunker chunker(&sink);
  EXPECT_THAT(WriteText(chunker, "ab"), IsOk());
  EXPECT_THAT(WriteText(chunker, "c"), IsOk());
  ASSERT_OK_AND_ASSIGN(const FileDigest digest, chunker.Finish());
  EXPECT_EQ(digest.size_bytes, 3);
  EXPECT_EQ(absl::BytesToHexString(digest.sha256), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(Chunker, DigestsAnEmptyFile) {
  RecordingEventSink sink;
  Chunker chunker(&sink);
  ASSERT_OK_AND_ASSIGN(const FileDigest digest, chunker.Finish());
  EXPECT_EQ(digest.size_bytes, 0);
  EXPECT_EQ(absl::BytesToHexString(digest.sha256), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST(Chunker, StopsAtTheFirstChunkThatNobodyTakes) {
  RecordingEventSink sink(1);
  Chunker chunker(&sink);
  EXPECT_THAT(WriteText(chunker, FakeVideoBytes(3 * 256 * 1024)), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_THAT(sink.events(), SizeIs(2));
}

TEST(Chunker, ReturnsTheSinksErrorForTheLastChunk) {
  RecordingEventSink sink(0);
  Chunker chunker(&sink);
  EXPECT_THAT(chunker.Finish(), StatusIs(absl::StatusCode::kUnavailable));
}

}  // namespace
}  // namespace ruyi
