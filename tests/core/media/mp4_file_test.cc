// The two layouts of MP4, how long they say that they are, and what they tell about where they come from.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "core/media/ffmpeg/ffmpeg_video_encoder.h"
#include "core/media/ffmpeg/mp4_boxes.h"
#include "tests/core/media/mp4_reader.h"
#include "tests/core/media/video_probe.h"
#include "tests/support/temporary_folder.h"

namespace ruyi {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Key;
using ::testing::Not;

constexpr size_t kMovieTimescaleOffset = 12;  // in mvhd: version and flags, two times; the duration is behind it

VideoFormat Format(int frame_count, bool faststart) {
  return {.width = 64, .height = 48, .frame_count = frame_count, .encoding = {.faststart = faststart}};
}

uint32_t MovieTimescale(const std::string& file) {
  return NumberAt(FindBox(file, {"moov", "mvhd"}).value_or(std::string(100, '\0')), kMovieTimescaleOffset);
}

class Mp4FileTest : public testing::TestWithParam<bool> {};  // whether it is a plain file

TEST(FragmentedMp4Test, SaysInItsFirstBytesHowLongItIs) {
  for (const int rate : {24, 25, 30})
    for (const int frame_count : {8, 20, 120}) {
      VideoFormat format = Format(frame_count, false);
      format.frames_per_second = rate;
      RecordingSink sink;
      const auto encoder = FfmpegVideoEncoderFactory().Create(format, &sink);
      ASSERT_TRUE(encoder.ok()) << encoder.status();
      const std::optional<std::string> duration = FindBox(sink.bytes(), {"moov", "mvex", "mehd"});
      ASSERT_TRUE(duration.has_value());
      ASSERT_EQ(duration->size(), 8u);
      EXPECT_EQ(NumberAt(*duration, 0), 0u);  // version and flags
      EXPECT_EQ(int64_t{NumberAt(*duration, 4)} * rate, int64_t{MovieTimescale(sink.bytes())} * frame_count);
    }
}

TEST(FragmentedMp4Test, OpensItsExtensionsWithTheDuration) {
  const std::string file = EncodeBusyVideo(8, Format(8, false));
  EXPECT_THAT(BoxTypes(*FindBox(file, {"moov", "mvex"})), ElementsAre("mehd", "trex"));
}

TEST(FragmentedMp4Test, DoesNotSayHowLongItIsWhenThatIsNotKnown) {
  const std::string file = EncodeBusyVideo(8, Format(0, false));
  EXPECT_THAT(BoxTypes(*FindBox(file, {"moov", "mvex"})), ElementsAre("trex"));
}

TEST(FragmentedMp4Test, HasItsBoxesInOrder) {
  EXPECT_THAT(BoxTypes(EncodeBusyVideo(16, Format(16, false))),
              ElementsAre("ftyp", "moov", "uuid", "moof", "mdat", "moof", "mdat", "mfra"));
}

TEST(FragmentedMp4Test, RefusesAHeaderWithoutExtensions) {
  for (std::string header : {std::string(), std::string("\0\0\0\4moov", 8),
                             std::string("\0\0\0\x10moov\0\0\0\x08trak", 16), std::string("not an MP4 header")})
    EXPECT_EQ(InsertFragmentsDuration(8, header).code(), absl::StatusCode::kInternal);
}

TEST(PlainMp4Test, HasItsIndexInFront) {
  const std::vector<std::string> types = BoxTypes(EncodeBusyVideo(16, Format(16, true)));
  ASSERT_GE(types.size(), 4u);
  EXPECT_EQ(types[0], "ftyp");
  EXPECT_EQ(types[1], "moov");
  EXPECT_THAT(types, Contains("mdat"));
  EXPECT_THAT(types, Not(Contains("moof")));
  EXPECT_EQ(types.back(), "uuid");
}

TEST(PlainMp4Test, LastsExactlyItsFrames) {
  const TemporaryFolder folder;
  for (const auto& [frame_count, duration] : std::map<int, std::string>{{1, "0.041667"}, {20, "0.833333"}}) {
    const std::string file = EncodeBusyVideo(frame_count, Format(frame_count, true));
    EXPECT_EQ(MovieTimescale(file), 24u);
    EXPECT_EQ(NumberAt(*FindBox(file, {"moov", "mvhd"}), kMovieTimescaleOffset + 4),
              static_cast<uint32_t>(frame_count));
    auto probe = Probe(folder.Write("video.mp4", file));
    EXPECT_THAT(probe, Not(Contains(Key("complaint"))));
    EXPECT_EQ(probe["format.duration"], duration);
  }
}

TEST(PlainMp4Test, HasTheFramesOfTheFragmentedFile) {
  const TemporaryFolder folder;
  const auto plain = DecodeYuv(folder.Write("plain.mp4", EncodeBusyVideo(20, Format(20, true))), 64, 48);
  const auto fragmented = DecodeYuv(folder.Write("parts.mp4", EncodeBusyVideo(20, Format(20, false))), 64, 48);
  ASSERT_EQ(plain.size(), 20u);
  ASSERT_EQ(fragmented.size(), 20u);
  for (size_t i = 0; i < plain.size(); ++i)
    EXPECT_EQ(plain[i].luma, fragmented[i].luma) << i;
}

TEST(PlainMp4Test, GivesAllItsBytesAtTheEnd) {
  RecordingSink sink;
  const auto encoder = FfmpegVideoEncoderFactory().Create(Format(16, true), &sink);
  ASSERT_TRUE(encoder.ok()) << encoder.status();
  for (int i = 0; i < 16; ++i)
    EXPECT_EQ((*encoder)->AddFrame(BusyFrame(64, 48, i)), absl::OkStatus());
  EXPECT_EQ(sink.write_count(), 0);
  EXPECT_EQ((*encoder)->Finish(), absl::OkStatus());
  EXPECT_EQ(sink.write_count(), 1);
}

TEST(PlainMp4Test, MovesTheIndexOfALargeFileToItsFront) {
  const TemporaryFolder folder;
  VideoFormat format = {.width = 640, .height = 480, .frame_count = 16, .encoding = {.faststart = true}};
  format.metadata["comment"] = std::string(200'000, 'x');  // an index of several times libavformat's buffer
  std::vector<RgbImage> frames;
  for (int i = 0; i < 16; ++i)
    frames.push_back(BusyFrame(640, 480, i));
  const std::string file = EncodeVideo(frames, format);
  EXPECT_GT(file.size(), 500'000u);
  EXPECT_EQ(DecodeYuv(folder.Write("video.mp4", file), 640, 480).size(), 16u);
}

TEST(PlainMp4Test, ReturnsTheSinksErrorAsItIs) {
  RecordingSink sink(0);
  const auto encoder = FfmpegVideoEncoderFactory().Create(Format(1, true), &sink);
  ASSERT_TRUE(encoder.ok()) << encoder.status();
  EXPECT_EQ((*encoder)->AddFrame(BusyFrame(64, 48, 0)), absl::OkStatus());
  EXPECT_EQ((*encoder)->Finish(), absl::AbortedError("the reader left"));
}

TEST_P(Mp4FileTest, CarriesTexts) {
  const TemporaryFolder folder;
  VideoFormat format = Format(8, GetParam());
  format.metadata = {{"comment", "made by <ruyi> & friends; 如意 'é'"},
                     {"seed", "42"},
                     {"com.example.model", "Ruyi-Mini-7B"},
                     {"empty", ""}};
  auto probe = Probe(folder.Write("video.mp4", EncodeBusyVideo(8, format)));
  EXPECT_THAT(probe, Not(Contains(Key("complaint"))));
  EXPECT_EQ(probe["format.tags.comment"], "made by <ruyi> & friends; 如意 'é'");
  EXPECT_EQ(probe["format.tags.seed"], "42");
  EXPECT_EQ(probe["format.tags.com_example_model"], "Ruyi-Mini-7B");
}

TEST_P(Mp4FileTest, CarriesTextsWhoseNamesDifferInTheSizeOfLettersAlone) {
  VideoFormat format = Format(8, GetParam());
  format.metadata = {{"lora_Film", "digest of Film"}, {"lora_film", "digest of film"}};
  const std::string file = EncodeBusyVideo(8, format);
  for (const auto& [key, text] : format.metadata) {
    EXPECT_THAT(file, HasSubstr(key));
    EXPECT_THAT(file, HasSubstr(text));
  }
}

TEST_P(Mp4FileTest, CarriesALongText) {
  const TemporaryFolder folder;
  VideoFormat format = Format(8, GetParam());
  format.metadata["comment"] = std::string(100'000, 'x');
  auto probe = Probe(folder.Write("video.mp4", EncodeBusyVideo(8, format)));
  EXPECT_EQ(probe["format.tags.comment"], format.metadata["comment"]);
  EXPECT_EQ(probe["format.duration"], "0.333333");
}

TEST_P(Mp4FileTest, SaysThatItWasGenerated) {
  const std::optional<std::string> xmp = ReadXmp(EncodeBusyVideo(8, Format(8, GetParam())));
  ASSERT_TRUE(xmp.has_value());
  EXPECT_TRUE(xmp->starts_with("<?xpacket begin=\"\xEF\xBB\xBF\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>"));
  EXPECT_TRUE(xmp->ends_with("<?xpacket end=\"r\"?>"));
  EXPECT_THAT(*xmp, HasSubstr("xmlns:Iptc4xmpExt=\"http://iptc.org/std/Iptc4xmpExt/2008-02-29/\""));
  EXPECT_THAT(*xmp, HasSubstr("<Iptc4xmpExt:DigitalSourceType>"
                              "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
                              "</Iptc4xmpExt:DigitalSourceType>"));
}

TEST_P(Mp4FileTest, HasAnXmpPacketThatIsWellFormed) {
  const TemporaryFolder folder;
  const auto xmp = folder.Write("packet.xml", ReadXmp(EncodeBusyVideo(8, Format(8, GetParam()))).value_or(""));
  const ProgramOutput result =
      RunProgram("python3 -c 'import sys, xml.dom.minidom; xml.dom.minidom.parse(sys.argv[1])' '" + xmp.string() + "'");
  EXPECT_EQ(result.exit_code, 0) << result.output;
}

TEST_P(Mp4FileTest, DoesNotSaySoWhenItIsNotToldTo) {
  VideoFormat format = Format(8, GetParam());
  format.mark_as_generated = false;
  const std::string file = EncodeBusyVideo(8, format);
  EXPECT_EQ(ReadXmp(file), std::nullopt);
  EXPECT_THAT(BoxTypes(file), Not(Contains("uuid")));
}

TEST_P(Mp4FileTest, HasTheSameBytesForTheSameFormat) {
  VideoFormat format = Format(8, GetParam());
  format.metadata = {{"comment", "made by ruyi"}, {"seed", "42"}};
  const std::string first = EncodeBusyVideo(8, format);
  EXPECT_FALSE(first.empty());
  EXPECT_EQ(EncodeBusyVideo(8, format), first);
}

TEST_P(Mp4FileTest, RefusesMoreFramesThanItWasToHave) {
  RecordingSink sink;
  const auto encoder = FfmpegVideoEncoderFactory().Create(Format(1, GetParam()), &sink);
  ASSERT_TRUE(encoder.ok()) << encoder.status();
  EXPECT_EQ((*encoder)->AddFrame(BusyFrame(64, 48, 0)), absl::OkStatus());
  EXPECT_EQ((*encoder)->AddFrame(BusyFrame(64, 48, 1)),
            absl::FailedPreconditionError("the video was to have 1 frames; another frame was added"));
  EXPECT_EQ((*encoder)->Finish(), absl::OkStatus());
}

TEST_P(Mp4FileTest, RefusesToEndBeforeItsFrames) {
  RecordingSink sink;
  const auto encoder = FfmpegVideoEncoderFactory().Create(Format(8, GetParam()), &sink);
  ASSERT_TRUE(encoder.ok()) << encoder.status();
  EXPECT_EQ((*encoder)->AddFrame(BusyFrame(64, 48, 0)), absl::OkStatus());
  EXPECT_EQ((*encoder)->Finish(), absl::FailedPreconditionError("the video was to have 8 frames; it ends after 1"));
}

INSTANTIATE_TEST_SUITE_P(FragmentedAndPlain, Mp4FileTest, testing::Bool());

}  // namespace
}  // namespace ruyi
