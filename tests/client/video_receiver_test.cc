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
  // The error after `chunks`.
  std::string Receive(const std::vector<v1::VideoChunk>& chunks) {
    for (const v1::VideoChunk& chunk : chunks)
      receiver_.OnChunk(chunk).IgnoreError();
    return std::string(receiver_.error().message());
  }

  TemporaryFolder folder_;
  std::unique_ptr<PartialFile> file_ = *PartialFile::Create(folder_.path() / "film.mp4");
  VideoReceiver receiver_{file_.get()};
};

TEST_F(VideoReceiverTest, WritesTheChunksInOrder) {
  EXPECT_EQ(Receive(ChunksOf("0123456789", 4)), "");
  EXPECT_TRUE(receiver_.whole());
  EXPECT_EQ(ReadFile(file_->temporary_path()), "0123456789");
}

TEST_F(VideoReceiverTest, GoesOnWithWhatIsThere) {
  ASSERT_TRUE(file_->Write("01234").ok());
  ASSERT_TRUE(receiver_.TakeExisting().ok());
  EXPECT_EQ(receiver_.received_bytes(), 5);
  EXPECT_EQ(Receive({Chunk(5, "56789"), LastChunk("0123456789")}), "");
  EXPECT_TRUE(receiver_.whole());
  EXPECT_EQ(ReadFile(file_->temporary_path()), "0123456789");
}

TEST_F(VideoReceiverTest, FindsThatWhatIsThereIsOfAnotherFilm) {
  ASSERT_TRUE(file_->Write("other").ok());
  ASSERT_TRUE(receiver_.TakeExisting().ok());
  EXPECT_THAT(Receive({Chunk(5, "56789"), LastChunk("0123456789")}), HasSubstr("wrong SHA-256"));
  EXPECT_FALSE(receiver_.whole());
}

TEST_F(VideoReceiverTest, SaysThatItCannotReadWhatIsThere) {
  std::filesystem::remove(file_->temporary_path());
  EXPECT_THAT(std::string(receiver_.TakeExisting().message()), HasSubstr("cannot read"));
}

TEST_F(VideoReceiverTest, TakesTheChecksumOfTheRfc) {
  v1::VideoChunk chunk = Chunk(0, "123456789");
  chunk.set_crc32c(0xE3069283);
  EXPECT_EQ(Receive({chunk}), "");
}

TEST_F(VideoReceiverTest, IsNotWholeBeforeTheEnd) {
  EXPECT_EQ(Receive({Chunk(0, "abc")}), "");
  EXPECT_FALSE(receiver_.whole());
}

TEST_F(VideoReceiverTest, FindsAGap) {
  EXPECT_THAT(Receive({Chunk(0, "abc"), Chunk(4, "e")}), HasSubstr("begins at byte 4 instead of 3"));
  EXPECT_TRUE(absl::IsDataLoss(receiver_.error()));
}

TEST_F(VideoReceiverTest, FindsADamagedChunk) {
  v1::VideoChunk damaged = Chunk(3, "def");
  damaged.set_data("deg");
  EXPECT_THAT(Receive({Chunk(0, "abc"), damaged}), HasSubstr("wrong checksum of the chunk at byte 3"));
  EXPECT_TRUE(absl::IsDataLoss(receiver_.error()));
}

TEST_F(VideoReceiverTest, FindsAWrongSize) {
  v1::VideoChunk last = LastChunk("abc");
  last.set_total_size_bytes(4);
  EXPECT_THAT(Receive({Chunk(0, "abc"), last}), HasSubstr("3 bytes came instead of 4"));
}

TEST_F(VideoReceiverTest, FindsAWrongSha256) {
  EXPECT_THAT(Receive({Chunk(0, "abc"), LastChunk("abd")}), HasSubstr("wrong SHA-256"));
  EXPECT_FALSE(receiver_.whole());
}

TEST_F(VideoReceiverTest, FindsBytesAfterTheEnd) {
  EXPECT_THAT(Receive({Chunk(0, "abc"), LastChunk("abc"), Chunk(3, "d")}), HasSubstr("bytes came after its end"));
}

TEST_F(VideoReceiverTest, KeepsItsFirstError) {
  EXPECT_THAT(Receive({Chunk(5, "abc"), Chunk(7, "abc")}), HasSubstr("byte 5"));
}

}  // namespace
}  // namespace ruyi::client
