// Tests where a JPEG picture ends: with or without its end marker, with something behind it, or too early.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/core/media/jpeg_writer.h"
#include "tests/core/media/test_pictures.h"
#include "tests/core/media/video_probe.h"

namespace ruyi {
namespace {

using ::testing::HasSubstr;

constexpr size_t kEndMarkerSize = 2;

std::vector<JpegKind> AllKinds() {
  std::vector<JpegKind> kinds;
  for (const JpegScans scans : {JpegScans::kOne, JpegScans::kOneForEachComponent, JpegScans::kProgressive})
    for (const int restart_rows : {0, 1})
      kinds.push_back({.scans = scans, .restart_rows = restart_rows});
  return kinds;
}

class JpegEndTest : public testing::TestWithParam<JpegKind> {
 protected:
  const std::string whole_ = WriteJpeg(BusyFrame(72, 56, 1), GetParam());
  const std::string without_end_ = whole_.substr(0, whole_.size() - kEndMarkerSize);

  void ExpectWhole(const std::string& bytes) const {
    const auto expected = Decode(whole_), found = Decode(bytes);
    ASSERT_TRUE(expected.ok()) << expected.status();
    ASSERT_TRUE(found.ok()) << found.status();
    EXPECT_EQ(found->pixels, expected->pixels);
  }
};

TEST_P(JpegEndTest, TakesAWholePictureWithoutItsEndMarker) {
  ExpectWhole(without_end_);
}

TEST_P(JpegEndTest, TakesATrailerInPlaceOfTheEndMarker) {
  ExpectWhole(without_end_ + std::string("\0\0\x02\x0aPanorama_Shot_Info{}SEFHk\0\0SEFT", 32));
}

TEST_P(JpegEndTest, TakesATrailerThatLooksLikeMarkers) {
  ExpectWhole(without_end_ + "\xFF\xD8\xFF\xE1\xFF\xFF" + std::string(40, '\xFF') + "\xFF\xC4\x01");
}

TEST_P(JpegEndTest, TakesWhatFollowsTheEndMarker) {
  ExpectWhole(whole_ + std::string(1000, '\0') + "SEFT");
}

TEST_P(JpegEndTest, TakesTheFirstOfSeveralPictures) {
  ExpectWhole(whole_ + WriteJpeg(BusyFrame(16, 16, 2), {}));
  ExpectWhole(without_end_ + WriteJpeg(BusyFrame(16, 16, 2), {}));
}

TEST_P(JpegEndTest, RefusesACutOffPicture) {
  for (size_t size = 4; size < without_end_.size(); size += 1 + size / 50) {
    const absl::Status status = Decode(whole_.substr(0, size)).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << size;
    EXPECT_THAT(std::string(status.message()), HasSubstr("the JPEG file is damaged or cut off; send the whole file"));
  }
}

TEST_P(JpegEndTest, RefusesATrailerBehindACutOffPicture) {
  const std::string half = whole_.substr(0, whole_.size() * 3 / 5);
  EXPECT_EQ(Decode(half + "\xFF\xD9").status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(Decode(half + "\xFF\xD9Panorama_Shot_Info{}SEFT").status().code(), absl::StatusCode::kInvalidArgument);
}

// The place where arithmetic coding ends its data does not say whether they are whole; the end marker does.
TEST(ArithmeticJpegTest, IsTakenOnlyWithItsEndMarker) {
  for (const JpegScans scans : {JpegScans::kOne, JpegScans::kOneForEachComponent, JpegScans::kProgressive}) {
    const std::string whole = WriteJpeg(BusyFrame(72, 56, 1), {.scans = scans, .is_arithmetic = true});
    EXPECT_EQ(Decode(whole).status(), absl::OkStatus());
    EXPECT_EQ(Decode(whole + "SEFT").status(), absl::OkStatus());
    for (size_t size = 4; size < whole.size() - 8; size += 1 + size / 50)
      EXPECT_EQ(Decode(whole.substr(0, size)).status().code(), absl::StatusCode::kInvalidArgument) << size;
  }
}

INSTANTIATE_TEST_SUITE_P(AllKinds, JpegEndTest, testing::ValuesIn(AllKinds()));

}  // namespace
}  // namespace ruyi
