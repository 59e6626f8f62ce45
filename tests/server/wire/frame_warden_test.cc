#include "server/wire/frame_warden.h"

#include <gtest/gtest.h>

#include <string>

namespace ruyi {
namespace {

constexpr uint8_t kHeaders = 1;
constexpr uint8_t kResetStream = 3;
constexpr uint8_t kSettings = 4;
constexpr uint8_t kPing = 6;
constexpr uint8_t kContinuation = 9;
constexpr uint8_t kAck = 1;
const std::string kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

std::string Frame(uint8_t type, size_t size, uint8_t flags = 0) {
  std::string frame = {static_cast<char>(size >> 16), static_cast<char>(size >> 8), static_cast<char>(size)};
  frame += {static_cast<char>(type), static_cast<char>(flags), 0, 0, 0, 1};
  return frame + std::string(size, '\x01');  // looks like many heads of frames
}

// What a connection that begins with the preface answers to these bytes.
bool IsRefused(const std::string& bytes, const FrameLimits& limits = {}) {
  return absl::IsResourceExhausted(
      FrameWarden(limits, absl::ZeroDuration()).Look(kPreface + bytes, absl::ZeroDuration()));
}

TEST(FrameWarden, HeadersMayBeSixtyFourKibibytes) {
  EXPECT_FALSE(IsRefused(Frame(kHeaders, 16384) + Frame(kContinuation, 49152)));
  EXPECT_TRUE(IsRefused(Frame(kHeaders, 16384) + Frame(kContinuation, 49153)));
  EXPECT_TRUE(IsRefused(Frame(kHeaders, 65537)));
}

TEST(FrameWarden, HeadersMayHaveThirtyTwoFrames) {
  std::string frames = Frame(kHeaders, 1);
  for (int i = 1; i < 32; ++i)
    frames += Frame(kContinuation, 0);
  EXPECT_FALSE(IsRefused(frames));
  EXPECT_TRUE(IsRefused(frames + Frame(kContinuation, 0)));
}

TEST(FrameWarden, EachCallHasHeadersOfItsOwn) {
  std::string calls;
  for (int i = 0; i < 100; ++i)
    calls += Frame(kHeaders, 40000) + Frame(kContinuation, 20000);
  EXPECT_FALSE(IsRefused(calls));
}

// Whether a third reset is refused, so long after two that came at the beginning.
bool IsThirdResetRefused(absl::Duration wait) {
  const std::string reset = Frame(kResetStream, 4);
  FrameWarden warden({.resets = 2, .resets_per_second = 1}, absl::ZeroDuration());
  EXPECT_TRUE(warden.Look(kPreface + reset + reset, absl::ZeroDuration()).ok());
  return absl::IsResourceExhausted(warden.Look(reset, wait));
}

TEST(FrameWarden, ResetsComeBackWithTime) {
  EXPECT_TRUE(IsThirdResetRefused(absl::Milliseconds(500)));
  EXPECT_FALSE(IsThirdResetRefused(absl::Milliseconds(1000)));
}

TEST(FrameWarden, ResetsAreNotSaved) {
  const std::string reset = Frame(kResetStream, 4);
  FrameWarden warden({.resets = 2, .resets_per_second = 1}, absl::ZeroDuration());
  EXPECT_TRUE(warden.Look(kPreface, absl::ZeroDuration()).ok());
  EXPECT_TRUE(warden.Look(reset + reset, absl::Hours(1)).ok());
  EXPECT_FALSE(warden.Look(reset, absl::Hours(1)).ok());
}

TEST(FrameWarden, CallsHaveALimitUntilTheSettingsAreKnown) {
  const FrameLimits limits = {.early_calls = 2};
  const std::string two = Frame(kHeaders, 10) + Frame(kHeaders, 10);
  EXPECT_FALSE(IsRefused(two, limits));
  EXPECT_TRUE(IsRefused(two + Frame(kHeaders, 10), limits));
  EXPECT_FALSE(IsRefused(Frame(kSettings, 0, kAck) + two + two, limits));
}

TEST(FrameWarden, SettingsHaveALimitAndTheirAnswersHaveNone) {
  const FrameLimits limits = {.settings = 2, .settings_per_second = 0};
  const std::string two = Frame(kSettings, 0) + Frame(kSettings, 6);
  EXPECT_FALSE(IsRefused(two + Frame(kSettings, 0, kAck), limits));
  EXPECT_TRUE(IsRefused(two + Frame(kSettings, 0), limits));
}

TEST(FrameWarden, OtherFramesAreNotCounted) {
  std::string pings;
  for (int i = 0; i < 10000; ++i)
    pings += Frame(kPing, 8);
  EXPECT_FALSE(IsRefused(pings));
}

TEST(FrameWarden, BytesMayBeCutAnywhere) {
  const std::string bytes = kPreface + Frame(kPing, 300) + Frame(kHeaders, 40000) + Frame(kContinuation, 30000);
  for (const size_t step : {1, 7, 8192}) {
    FrameWarden warden({}, absl::ZeroDuration());
    absl::Status status;
    size_t seen = 0;
    for (; seen < bytes.size() && status.ok(); seen += step)
      status = warden.Look(std::string_view(bytes).substr(seen, step), absl::ZeroDuration());
    EXPECT_TRUE(absl::IsResourceExhausted(status)) << step;
    EXPECT_LT(seen, bytes.size()) << step;  // at the head of the last frame
  }
}

}  // namespace
}  // namespace ruyi
