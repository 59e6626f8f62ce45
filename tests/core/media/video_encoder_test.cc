// The encoder's calls: what leaves when, and what is refused.
#include "core/media/video_encoder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "core/media/ffmpeg/av_status.h"
#include "core/media/ffmpeg/ffmpeg_video_encoder.h"
#include "tests/core/media/video_probe.h"
#include "tests/support/temporary_folder.h"

extern "C" {
#include <libavutil/error.h>
}

namespace ruyi {
namespace {

using ::testing::HasSubstr;

const VideoFormat kFormat = {.width = 64, .height = 48};

std::unique_ptr<VideoEncoder> MakeEncoder(ByteSink* sink) {
  auto encoder = FfmpegVideoEncoderFactory().Create(kFormat, sink);
  EXPECT_TRUE(encoder.ok()) << encoder.status();
  return *std::move(encoder);  // StatusOr stops the program when there is none
}

absl::Status CreateStatus(const VideoFormat& format) {
  RecordingSink sink;
  return FfmpegVideoEncoderFactory().Create(format, &sink).status();
}

void AddFrames(VideoEncoder& encoder, int first, int count) {
  for (int i = first; i < first + count; ++i)
    EXPECT_EQ(encoder.AddFrame(BusyFrame(kFormat.width, kFormat.height, i)), absl::OkStatus());
}

// A file that does not say how long it is, as those of kFormat.
std::string EncodeWithoutCount(int frame_count) {
  return EncodeBusyVideo(frame_count, kFormat);
}

// Frames until the sink's error comes out; OK when it never does.
absl::Status EncodeUntilError(ByteSink* sink, int frame_count) {
  auto encoder = FfmpegVideoEncoderFactory().Create(kFormat, sink);
  if (!encoder.ok())
    return encoder.status();
  for (int i = 0; i < frame_count; ++i)
    if (const absl::Status status = (*encoder)->AddFrame(BusyFrame(kFormat.width, kFormat.height, i)); !status.ok())
      return status;
  return (*encoder)->Finish();
}

TEST(VideoEncoderTest, GivesEachFragmentWithItsLastFrame) {
  RecordingSink sink;
  const auto encoder = MakeEncoder(&sink);
  for (int fragment = 0; fragment < 3; ++fragment) {
    const size_t before = sink.bytes().size();
    AddFrames(*encoder, fragment * 8, 7);
    EXPECT_EQ(sink.bytes().size(), before);
    AddFrames(*encoder, fragment * 8 + 7, 1);
    EXPECT_GT(sink.bytes().size(), before);
  }
}

TEST(VideoEncoderTest, CanBePlayedFromItsFirstFragment) {
  const TemporaryFolder folder;
  RecordingSink sink;
  const auto encoder = MakeEncoder(&sink);
  AddFrames(*encoder, 0, 8);
  EXPECT_EQ(DecodeYuv(folder.Write("8.mp4", sink.bytes()), kFormat.width, kFormat.height).size(), 8u);
  AddFrames(*encoder, 8, 10);
  EXPECT_EQ(DecodeYuv(folder.Write("18.mp4", sink.bytes()), kFormat.width, kFormat.height).size(), 16u);
}

TEST(VideoEncoderTest, WritesTheFramesAfterTheLastWholeFragmentAtTheEnd) {
  const TemporaryFolder folder;
  const auto video = folder.Write("video.mp4", EncodeBusyVideo(11));
  EXPECT_EQ(DecodeYuv(video, kFormat.width, kFormat.height).size(), 11u);
}

TEST(VideoEncoderTest, GivesTheSameBytesForTheSameFrames) {
  const std::string first = EncodeBusyVideo(16);
  EXPECT_FALSE(first.empty());
  EXPECT_EQ(EncodeBusyVideo(16), first);
}

TEST(VideoEncoderTest, LeavesNoTraceOfItsFramesInTheNextVideo) {
  RecordingSink sink, undisturbed;
  const auto encoder = MakeEncoder(&sink);
  const auto other = MakeEncoder(&undisturbed);
  for (int i = 0; i < 8; ++i) {
    AddFrames(*encoder, i, 1);
    EXPECT_EQ(other->AddFrame(GreyFrame(kFormat.width, kFormat.height, 90)), absl::OkStatus());
  }
  EXPECT_EQ(encoder->Finish(), absl::OkStatus());
  EXPECT_EQ(sink.bytes(), EncodeWithoutCount(8));
}

TEST(VideoEncoderTest, WritesLargeFragmentsWhole) {
  const TemporaryFolder folder;
  std::vector<RgbImage> frames;
  for (int i = 0; i < 8; ++i)
    frames.push_back(BusyFrame(1280, 720, i));
  const std::string bytes = EncodeVideo(frames);
  EXPECT_GT(bytes.size(), 256u << 10);  // several times libavformat's buffer
  EXPECT_EQ(DecodeYuv(folder.Write("video.mp4", bytes), 1280, 720).size(), 8u);
}

TEST(VideoEncoderTest, ReturnsTheSinksErrorAsItIs) {
  RecordingSink whole;
  ASSERT_EQ(EncodeUntilError(&whole, 24), absl::OkStatus());
  ASSERT_GE(whole.write_count(), 5);  // header, three fragments, index
  for (int failing_write = 0; failing_write < whole.write_count(); ++failing_write) {
    RecordingSink sink(failing_write);
    EXPECT_EQ(EncodeUntilError(&sink, 24), absl::AbortedError("the reader left")) << failing_write;
    EXPECT_EQ(sink.write_count(), failing_write);
    EXPECT_TRUE(whole.bytes().starts_with(sink.bytes()));
  }
}

TEST(VideoEncoderTest, KeepsReturningTheSinksError) {
  RecordingSink header;
  MakeEncoder(&header);
  RecordingSink sink(header.write_count());
  const auto encoder = MakeEncoder(&sink);
  AddFrames(*encoder, 0, 7);
  const absl::Status left = absl::AbortedError("the reader left");
  EXPECT_EQ(encoder->AddFrame(BusyFrame(kFormat.width, kFormat.height, 7)), left);
  EXPECT_EQ(encoder->AddFrame(BusyFrame(kFormat.width, kFormat.height, 8)), left);
  EXPECT_EQ(encoder->Finish(), left);
}

TEST(VideoEncoderTest, CanBeDroppedBeforeItsEnd) {
  RecordingSink sink;
  auto encoder = MakeEncoder(&sink);
  AddFrames(*encoder, 0, 11);
  const std::string before = sink.bytes();
  encoder.reset();
  EXPECT_EQ(sink.bytes(), before);
}

TEST(VideoEncoderTest, RefusesSizesThatAreOddOrNotPositive) {
  for (const VideoFormat& format : {VideoFormat{63, 48}, VideoFormat{64, 47}, VideoFormat{0, 48}, VideoFormat{64, 0},
                                    VideoFormat{-64, 48}, VideoFormat{64, -48}}) {
    const absl::Status status = CreateStatus(format);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(status.message()), HasSubstr("width and height must be positive and even"));
  }
}

TEST(VideoEncoderTest, RefusesARateThatIsNotPositive) {
  for (const int rate : {0, -24}) {
    const absl::Status status = CreateStatus({.width = 64, .height = 48, .frames_per_second = rate});
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(status.message()), HasSubstr("frames_per_second"));
  }
}

TEST(VideoEncoderTest, RefusesANegativeFrameCount) {
  const absl::Status status = CreateStatus({.width = 64, .height = 48, .frame_count = -1});
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("frame_count is -1"));
}

TEST(VideoEncoderTest, SaysWhatFailedInFfmpeg) {
  const absl::Status status = CreateStatus({.width = 100'000, .height = 100'000});
  EXPECT_EQ(status.code(), absl::StatusCode::kInternal);
  EXPECT_THAT(std::string(status.message()), HasSubstr("opening the H.264 encoder for 100000x100000 pixels failed: "));
}

TEST(VideoEncoderTest, RefusesFramesOfAnotherSize) {
  RecordingSink sink;
  const auto encoder = MakeEncoder(&sink);
  const absl::Status status = encoder->AddFrame(GreyFrame(48, 64, 0));
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(std::string(status.message()), "the frame has 48x64 pixels; the video takes frames of 64x48");
}

TEST(VideoEncoderTest, RefusesFramesWhosePixelsDoNotFillThem) {
  RecordingSink sink;
  const auto encoder = MakeEncoder(&sink);
  RgbImage frame = GreyFrame(64, 48, 0);
  frame.pixels.pop_back();
  const absl::Status status = encoder->AddFrame(frame);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(std::string(status.message()), "the frame has 9215 bytes; 64x48 pixels of RGB have 9216");
}

TEST(VideoEncoderTest, GoesOnAfterARefusedFrame) {
  RecordingSink sink;
  const auto encoder = MakeEncoder(&sink);
  AddFrames(*encoder, 0, 4);
  EXPECT_FALSE(encoder->AddFrame(GreyFrame(2, 2, 0)).ok());
  AddFrames(*encoder, 4, 4);
  EXPECT_EQ(encoder->Finish(), absl::OkStatus());
  EXPECT_EQ(sink.bytes(), EncodeWithoutCount(8));
}

TEST(VideoEncoderTest, TakesNothingAfterItsEnd) {
  RecordingSink sink;
  const auto encoder = MakeEncoder(&sink);
  AddFrames(*encoder, 0, 8);
  EXPECT_EQ(encoder->Finish(), absl::OkStatus());
  const std::string before = sink.bytes();
  EXPECT_EQ(encoder->AddFrame(GreyFrame(64, 48, 0)).code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(encoder->Finish().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(sink.bytes(), before);
}

TEST(AvStatusTest, NamesTheErrorAndWhatWasBeingDone) {
  const absl::Status status = AvStatus(AVERROR(EINVAL), "opening the H.264 encoder");
  EXPECT_EQ(status.code(), absl::StatusCode::kInternal);
  EXPECT_EQ(std::string(status.message()), "opening the H.264 encoder failed: Invalid argument (FFmpeg's code -22)");
}

TEST(AvStatusTest, TakesCountsAsSuccess) {
  EXPECT_EQ(AvStatus(0, "reading"), absl::OkStatus());
  EXPECT_EQ(AvStatus(12, "reading"), absl::OkStatus());
}

TEST(AvStatusTest, NamesWhatCouldNotBeAllocated) {
  EXPECT_EQ(std::string(AvAllocated(nullptr, "making a packet").message()),
            "making a packet failed: Cannot allocate memory (FFmpeg's code -12)");
  int packet = 0;
  EXPECT_EQ(AvAllocated(&packet, "making a packet"), absl::OkStatus());
}

}  // namespace
}  // namespace ruyi
