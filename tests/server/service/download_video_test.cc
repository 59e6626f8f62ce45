// Tests calls of DownloadVideo: any part of the bytes, while they come and after; and every reason why there are none.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "core/base/error_info.h"
#include "core/base/error_reasons.h"
#include "core/base/wake_up.h"
#include "core/digest/crc32c.h"
#include "tests/core/artifact/files/damage.h"
#include "tests/server/gate.h"
#include "tests/server/rpc_status.h"
#include "tests/server/service/service_under_test.h"
#include "tests/server/stream_call.h"
#include "tests/server/test_request.h"
#include "tests/server/unary_answer.h"
#include "tests/support/status_matchers.h"

namespace ruyi {
namespace {

using testing::ElementsAre;
using v1::VideoChunk;

constexpr char kName[] = "videos/job-1";

std::string BytesOf(const std::vector<VideoChunk>& chunks) {
  std::string bytes;
  for (const VideoChunk& chunk : chunks)
    bytes += chunk.data();
  return bytes;
}

// A server whose first video stops in its fifth frame, where the file gets 300 or 400 bytes, until the gate opens.
class DownloadVideo : public testing::Test {
 protected:
  static ServiceOptions Options(Gate* gate) {
    ServiceOptions options;
    options.pipeline.at_boundary = [gate](Phase phase, int done) {
      if (phase == Phase::kDecoding && done == 4)
        gate->Pass();
    };
    return options;
  }

  void Begin() {
    ASSERT_TRUE(CreateVideo(service_.channel(), SmallRequest()).status.ok());
    ASSERT_TRUE(gate_.AwaitReached());
    AwaitBytes(300);
  }

  // Waits until the encoder, which has a thread of its own, has written so much.
  void AwaitBytes(int64_t bytes) {
    const auto has_them = [&] {
      return service_.artifacts().StatResult("job-1").value_or(ResultState()).size_bytes >= bytes;
    };
    WakeUp grown;
    const std::unique_ptr<Subscription> changes = service_.artifacts().Subscribe("job-1", [&grown] { grown.Wake(); });
    while (!has_them())
      grown.Wait(absl::Minutes(20));
  }

  void Complete() {
    gate_.Open();
    ASSERT_TRUE(CreateVideo(service_.channel(), SmallRequest()).status.ok());
    ASSERT_TRUE(service_.events().ended().Await(1));
  }

  DownloadCall Download(int64_t offset = 0, int64_t limit = 0) const {
    return DownloadCall(service_.channel(), kName, offset, limit);
  }

  Gate gate_;
  ServiceUnderTest service_{Options(&gate_)};
};

TEST_F(DownloadVideo, GivesTheFile) {
  ASSERT_NO_FATAL_FAILURE(Complete());
  DownloadCall download = Download();
  const std::vector<VideoChunk> chunks = download.ReadAll();
  EXPECT_TRUE(download.Finish().ok());
  EXPECT_EQ(BytesOf(chunks), FakeVideoBytes(800));
  ASSERT_EQ(chunks.size(), 1u);
  EXPECT_EQ(chunks[0].crc32c(), Crc32c(chunks[0].data()));
  EXPECT_TRUE(chunks[0].last());
  EXPECT_EQ(chunks[0].offset(), 0);
  EXPECT_EQ(chunks[0].total_size_bytes(), 800);
  EXPECT_EQ(chunks[0].sha256(), GetVideo(service_.channel(), kName).response.result().sha256());
}

TEST_F(DownloadVideo, GivesThePartThatIsAskedFor) {
  ASSERT_NO_FATAL_FAILURE(Complete());
  const std::string file = FakeVideoBytes(800);
  for (const auto& [offset, limit] : std::vector<std::pair<int64_t, int64_t>>{
           {0, 1}, {799, 1}, {250, 300}, {1, 0}, {700, 5000}, {800, 0}, {800, 7}}) {
    DownloadCall download = Download(offset, limit);
    const std::vector<VideoChunk> chunks = download.ReadAll();
    EXPECT_TRUE(download.Finish().ok());
    const std::string part = file.substr(offset, limit == 0 ? std::string::npos : limit);
    ASSERT_EQ(chunks.size(), 1u) << offset << " " << limit;
    EXPECT_EQ(chunks[0].offset(), offset);
    EXPECT_EQ(chunks[0].data(), part) << offset << " " << limit;
    const bool reaches_the_end = offset + part.size() == file.size();
    EXPECT_EQ(chunks[0].last(), reaches_the_end) << offset << " " << limit;
    EXPECT_EQ(chunks[0].total_size_bytes(), reaches_the_end ? 800 : 0);
    EXPECT_EQ(chunks[0].sha256().empty(), !reaches_the_end);
  }
}

TEST_F(DownloadVideo, FollowsAFileThatGrows) {
  ASSERT_NO_FATAL_FAILURE(Begin());
  DownloadCall download = Download();
  std::string bytes;
  while (bytes.size() < 300)
    bytes += download.Next().value_or(VideoChunk()).data();
  EXPECT_EQ(service_.events().ended().value(), 0);
  gate_.Open();
  bytes += BytesOf(download.ReadAll());
  EXPECT_EQ(bytes, FakeVideoBytes(800));
  EXPECT_TRUE(download.Finish().ok());
}

TEST_F(DownloadVideo, IsRefusedBeforeTheFirstBytes) {
  service_.StopWorker();
  const auto [created, video] = CreateVideo(service_.channel(), SmallRequest());
  ASSERT_TRUE(created.ok());
  DownloadCall download(service_.channel(), video.name());
  EXPECT_TRUE(download.ReadAll().empty());
  const grpc::Status status = download.Finish();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_EQ(DetailsOf(status).reason(), reason::kResultNotReady);
  gate_.Open();
}

TEST_F(DownloadVideo, WaitsForItsOffset) {
  ASSERT_NO_FATAL_FAILURE(Begin());
  DownloadCall download = Download(700);
  gate_.Open();
  EXPECT_EQ(BytesOf(download.ReadAll()), FakeVideoBytes(800).substr(700));
  EXPECT_TRUE(download.Finish().ok());
}

TEST_F(DownloadVideo, EndsAtItsLimitWhileTheFileGrows) {
  ASSERT_NO_FATAL_FAILURE(Begin());
  DownloadCall download = Download(100, 100);
  const std::vector<VideoChunk> chunks = download.ReadAll();
  EXPECT_TRUE(download.Finish().ok());
  EXPECT_EQ(BytesOf(chunks), FakeVideoBytes(800).substr(100, 100));
  for (const VideoChunk& chunk : chunks) {
    EXPECT_FALSE(chunk.last());
    EXPECT_FALSE(chunk.data().empty());
  }
  gate_.Open();
}

TEST_F(DownloadVideo, MayBeBrokenOffAndTakenUpAgain) {
  ASSERT_NO_FATAL_FAILURE(Begin());
  DownloadCall broken = Download();
  const std::string first = broken.Next().value_or(VideoChunk()).data();
  broken.Cancel();
  gate_.Open();
  const std::string rest = BytesOf(Download(static_cast<int64_t>(first.size())).ReadAll());
  EXPECT_EQ(first + rest, FakeVideoBytes(800));
}

TEST_F(DownloadVideo, EndsWithTheErrorOfAVideoThatIsCancelledMeanwhile) {
  ASSERT_NO_FATAL_FAILURE(Begin());
  DownloadCall download = Download();
  EXPECT_TRUE(download.Next().has_value());
  EXPECT_TRUE(CancelVideo(service_.channel(), kName).status.ok());
  EXPECT_TRUE(service_.pipeline().AwaitTokenEnd());
  gate_.Open();
  const grpc::Status status = download.Finish();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::CANCELLED);
  EXPECT_EQ(DetailsOf(status).reason(), reason::kCancelledByCaller);
}

TEST_F(DownloadVideo, HasNothingOfAVideoThatWasNotMade) {
  service_.StopWorker();
  ASSERT_TRUE(CreateVideo(service_.channel(), SmallRequest()).status.ok());
  EXPECT_TRUE(CancelVideo(service_.channel(), kName).status.ok());
  const grpc::Status status = Download().Finish();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_EQ(DetailsOf(status).reason(), reason::kResultNotReady);
}

TEST_F(DownloadVideo, HasNothingOfAVideoThatExpired) {
  ASSERT_NO_FATAL_FAILURE(Complete());
  EXPECT_THAT(service_.jobs().Expire("job-1"), IsOk());
  EXPECT_THAT(service_.artifacts().DeleteResult("job-1"), IsOk());
  const grpc::Status status = Download().Finish();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(DetailsOf(status).reason(), reason::kResultExpired);
}

TEST_F(DownloadVideo, SaysWhereTheFileEnds) {
  ASSERT_NO_FATAL_FAILURE(Complete());
  const grpc::Status status = Download(801).Finish();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::OUT_OF_RANGE);
  EXPECT_EQ(DetailsOf(status).reason(), reason::kOffsetPastEnd);
  EXPECT_THAT(DetailsOf(status).error_info.value_or(google::rpc::ErrorInfo()).metadata(),
              ElementsAre(testing::Pair("size_bytes", "800")));
}

TEST_F(DownloadVideo, SaysWhereAFileEndedThatHadToGrow) {
  ASSERT_NO_FATAL_FAILURE(Begin());
  DownloadCall download = Download(900);
  gate_.Open();
  const grpc::Status status = download.Finish();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::OUT_OF_RANGE);
  EXPECT_THAT(DetailsOf(status).error_info.value_or(google::rpc::ErrorInfo()).metadata(),
              ElementsAre(testing::Pair("size_bytes", "800")));
}

TEST_F(DownloadVideo, GivesNoBytesThatAreDamaged) {
  ASSERT_NO_FATAL_FAILURE(Complete());
  FlipBit(service_.result_path("job-1"), 100);
  DownloadCall download = Download();
  EXPECT_TRUE(download.ReadAll().empty());
  const grpc::Status status = download.Finish();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::DATA_LOSS);
  EXPECT_EQ(DetailsOf(status).reason(), reason::kArtifactCorrupt);
}

TEST_F(DownloadVideo, TellsEveryWrongFieldAtOnce) {
  const grpc::Status status = DownloadCall(service_.channel(), "job-1", -1, -1).Finish();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(DetailsOf(status).wrong_fields(), ElementsAre("name", "read_offset", "read_limit"));
}

TEST_F(DownloadVideo, KnowsNoOtherVideos) {
  const grpc::Status status = DownloadCall(service_.channel(), "videos/other").Finish();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(DetailsOf(status).reason(), reason::kNotFound);
  ASSERT_TRUE(DetailsOf(status).resource_info.has_value());
  EXPECT_EQ(DetailsOf(status).resource_info->resource_name(), "videos/other");
}

TEST_F(DownloadVideo, EndsWithTheServer) {
  ASSERT_NO_FATAL_FAILURE(Begin());
  DownloadCall download = Download();
  EXPECT_TRUE(download.Next().has_value());
  service_.service().EndStreams(ErrorWithReason(absl::StatusCode::kUnavailable, "stopping", reason::kDraining));
  EXPECT_EQ(DetailsOf(download.Finish()).reason(), reason::kDraining);
  gate_.Open();
}

}  // namespace
}  // namespace ruyi
