#include "client/video_receiver.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <utility>
#include <vector>

#include "tests/client/client_process.h"
#include "tests/client/scripted_events.h"
#include "tests/support/temporary_folder.h"

namespace ruyi::client {
namespace {

using testing::HasSubstr;

class VideoReceiverTest : public testing::Test {
 protected:
  // The error after `events`.
  std::string Receive(const std::vector<v1::VideoEvent>& events) {
    for (const v1::VideoEvent& event : events) {
      receiver_.OnEvent(event).IgnoreError();
    }
    return std::string(receiver_.error().message());
  }

  TemporaryFolder folder_;
  std::unique_ptr<PartialFile> file_ = *PartialFile::Create(folder_.path() / "film.mp4");
  VideoReceiver receiver_{file_.get()};
};

TEST_F(VideoReceiverTest, WritesTheChunksInOrder) {
  EXPECT_EQ(Receive(WholeVideo("0123456789", 4)), "");
  EXPECT_TRUE(receiver_.accepted());
  EXPECT_EQ(receiver_.completed()->name(), "videos/7");
  EXPECT_EQ(ReadFile(file_->temporary_path()), "0123456789");
}

TEST_F(VideoReceiverTest, TakesTheChecksumOfTheRfc) {
  v1::VideoEvent event = ChunkEvent(0, "123456789");
  event.mutable_chunk()->set_crc32c(0xE3069283);
  EXPECT_EQ(Receive({event}), "");
}

TEST_F(VideoReceiverTest, HasNothingCompletedBeforeTheEnd) {
  EXPECT_EQ(Receive({AcceptedEvent(), ChunkEvent(0, "abc"), HeartbeatEvent()}), "");
  EXPECT_FALSE(receiver_.completed().has_value());
  EXPECT_FALSE(receiver_.failed().has_value());
}

TEST_F(VideoReceiverTest, KeepsWhyTheVideoFailed) {
  EXPECT_EQ(Receive({FailedEvent(DetailedStatus(grpc::INTERNAL, "broken", "INTERNAL"))}), "");
  EXPECT_EQ(receiver_.failed()->message(), "broken");
}

TEST_F(VideoReceiverTest, FindsAGap) {
  EXPECT_THAT(Receive({ChunkEvent(0, "abc"), ChunkEvent(4, "e")}), HasSubstr("begins at byte 4 instead of 3"));
  EXPECT_TRUE(absl::IsDataLoss(receiver_.error()));
}

TEST_F(VideoReceiverTest, FindsADamagedChunk) {
  v1::VideoEvent damaged = ChunkEvent(3, "def");
  damaged.mutable_chunk()->set_data("deg");
  EXPECT_THAT(Receive({ChunkEvent(0, "abc"), damaged}), HasSubstr("wrong checksum of the chunk at byte 3"));
  EXPECT_TRUE(absl::IsDataLoss(receiver_.error()));
}

TEST_F(VideoReceiverTest, FindsAWrongSize) {
  v1::VideoEvent last = LastChunkEvent("abc");
  last.mutable_chunk()->set_total_size_bytes(4);
  EXPECT_THAT(Receive({ChunkEvent(0, "abc"), last}), HasSubstr("3 bytes came instead of 4"));
}

TEST_F(VideoReceiverTest, FindsAWrongSha256) {
  v1::VideoEvent last = LastChunkEvent("abd");
  EXPECT_THAT(Receive({ChunkEvent(0, "abc"), last, CompletedEvent("abc")}), HasSubstr("wrong SHA-256"));
  EXPECT_FALSE(receiver_.completed().has_value());
}

TEST_F(VideoReceiverTest, FindsBytesAfterTheEnd) {
  EXPECT_THAT(Receive({ChunkEvent(0, "abc"), LastChunkEvent("abc"), ChunkEvent(3, "d")}),
              HasSubstr("bytes came after its end"));
}

TEST_F(VideoReceiverTest, MissesTheLastChunk) {
  EXPECT_THAT(Receive({ChunkEvent(0, "abc"), CompletedEvent("abc")}), HasSubstr("its last chunk did not come"));
  EXPECT_TRUE(absl::IsDataLoss(receiver_.error()));
}

TEST_F(VideoReceiverTest, KeepsItsFirstError) {
  EXPECT_THAT(Receive({ChunkEvent(5, "abc"), ChunkEvent(7, "abc")}), HasSubstr("byte 5"));
}

}  // namespace
}  // namespace ruyi::client
