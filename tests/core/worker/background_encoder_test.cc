#include "core/worker/background_encoder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <new>
#include <span>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/synchronization/notification.h"
#include "tests/support/fake_video_encoder.h"
#include "tests/support/status_matchers.h"

namespace ruyi {
namespace {

using testing::ElementsAre;
using testing::ElementsAreArray;
using testing::HasSubstr;

const VideoFormat kFormat = {.width = 4, .height = 2};
constexpr int kMany = 3 * static_cast<int>(BackgroundEncoder::kFramesWaiting);

RgbImage Shade(int shade) {
  return {.width = 4, .height = 2, .pixels = std::vector<uint8_t>(24, static_cast<uint8_t>(shade))};
}

class KeptBytes final : public ByteSink {
 public:
  absl::Status Write(std::span<const uint8_t> bytes) override {
    kept.append(bytes.begin(), bytes.end());
    return absl::OkStatus();
  }
  std::string kept;
};

absl::Status Encode(VideoEncoder& encoder, int frames) {
  for (int i = 0; i < frames; ++i) {
    if (absl::Status status = encoder.AddFrame(Shade(i)); !status.ok())
      return status;
  }
  return encoder.Finish();
}

std::unique_ptr<VideoEncoder> FakeEncoder(FakeVideoEncoderOptions options, ByteSink& sink) {
  return *FakeVideoEncoderFactory(options).Create(kFormat, &sink);
}

// An encoder that stands in its first frame until it may go on.
class GatedEncoder final : public VideoEncoder {
 public:
  struct Gate {
    absl::Notification reached;
    absl::Notification opened;
    std::vector<int> shades;  // of the frames that were encoded
  };

  explicit GatedEncoder(Gate& gate) : gate_(gate) {}

  absl::Status AddFrame(const RgbImage& frame) override {
    if (gate_.shades.empty()) {
      gate_.reached.Notify();
      gate_.opened.WaitForNotification();
    }
    gate_.shades.push_back(frame.pixels.front());
    return absl::OkStatus();
  }

  absl::Status Finish() override { return absl::OkStatus(); }

 private:
  Gate& gate_;
};

// Gives frames until the queue is full: one is being encoded.
void Fill(BackgroundEncoder& encoder, GatedEncoder::Gate& gate) {
  ASSERT_THAT(encoder.AddFrame(Shade(0)), IsOk());
  gate.reached.WaitForNotification();
  for (size_t i = 1; i <= BackgroundEncoder::kFramesWaiting; ++i)
    ASSERT_THAT(encoder.AddFrame(Shade(static_cast<int>(i))), IsOk());
}

TEST(BackgroundEncoder, MakesTheBytesOfItsEncoder) {
  KeptBytes alone, behind;
  ASSERT_THAT(Encode(*FakeEncoder({.shaded = true}, alone), kMany), IsOk());
  BackgroundEncoder encoder(FakeEncoder({.shaded = true}, behind), {});
  ASSERT_THAT(Encode(encoder, kMany), IsOk());
  EXPECT_EQ(behind.kept, alone.kept);
}

TEST(BackgroundEncoder, AnEncoderThatStandsHoldsNobodyUntilTheQueueIsFull) {
  GatedEncoder::Gate gate;
  CancellationSource cancellation;
  BackgroundEncoder encoder(std::make_unique<GatedEncoder>(gate), cancellation.token());
  ASSERT_NO_FATAL_FAILURE(Fill(encoder, gate));
  cancellation.Cancel(absl::CancelledError("enough"));
  EXPECT_EQ(encoder.AddFrame(Shade(99)), absl::CancelledError("enough"));
  gate.opened.Notify();
}

TEST(BackgroundEncoder, GoesOnOnceTheQueueHasRoom) {
  GatedEncoder::Gate gate;
  BackgroundEncoder encoder(std::make_unique<GatedEncoder>(gate), {});
  ASSERT_NO_FATAL_FAILURE(Fill(encoder, gate));
  std::thread opener([&] { gate.opened.Notify(); });
  std::vector<int> all;
  for (int i = 0; i < kMany; ++i)
    all.push_back(i);
  for (int i = static_cast<int>(BackgroundEncoder::kFramesWaiting) + 1; i < kMany; ++i)
    EXPECT_THAT(encoder.AddFrame(Shade(i)), IsOk());
  EXPECT_THAT(encoder.Finish(), IsOk());
  opener.join();
  EXPECT_THAT(gate.shades, ElementsAreArray(all));
}

TEST(BackgroundEncoder, CancellationEndsTheWaitForRoom) {
  GatedEncoder::Gate gate;
  CancellationSource cancellation;
  BackgroundEncoder encoder(std::make_unique<GatedEncoder>(gate), cancellation.token());
  ASSERT_NO_FATAL_FAILURE(Fill(encoder, gate));
  std::thread canceller([&] { cancellation.Cancel(absl::CancelledError("enough")); });
  EXPECT_EQ(encoder.AddFrame(Shade(99)), absl::CancelledError("enough"));
  canceller.join();
  gate.opened.Notify();
}

TEST(BackgroundEncoder, CancellationEndsTheWaitForTheEnd) {
  GatedEncoder::Gate gate;
  CancellationSource cancellation;
  BackgroundEncoder encoder(std::make_unique<GatedEncoder>(gate), cancellation.token());
  ASSERT_NO_FATAL_FAILURE(Fill(encoder, gate));
  std::thread canceller([&] { cancellation.Cancel(absl::CancelledError("enough")); });
  EXPECT_EQ(encoder.Finish(), absl::CancelledError("enough"));
  canceller.join();
  gate.opened.Notify();
}

TEST(BackgroundEncoder, GivesTheErrorAtALaterFrame) {
  KeptBytes bytes;
  BackgroundEncoder encoder(FakeEncoder({.fail_at_frame = 2}, bytes), {});
  EXPECT_THAT(Encode(encoder, kMany), StatusIs(absl::StatusCode::kInternal, HasSubstr("failed at frame 2")));
}

TEST(BackgroundEncoder, GivesTheErrorOfTheLastFrameAtTheEnd) {
  KeptBytes bytes;
  BackgroundEncoder encoder(FakeEncoder({.fail_at_frame = 2}, bytes), {});
  EXPECT_THAT(Encode(encoder, 3), StatusIs(absl::StatusCode::kInternal, HasSubstr("failed at frame 2")));
}

class ThrowingEncoder final : public VideoEncoder {
 public:
  absl::Status AddFrame(const RgbImage& /*frame*/) override { throw std::bad_alloc(); }
  absl::Status Finish() override { return absl::OkStatus(); }
};

TEST(BackgroundEncoder, GivesAnExceptionAsAnError) {
  BackgroundEncoder encoder(std::make_unique<ThrowingEncoder>(), {});
  EXPECT_THAT(Encode(encoder, 1), StatusIs(absl::StatusCode::kResourceExhausted));
}

TEST(BackgroundEncoder, TakesNothingAfterTheEnd) {
  KeptBytes bytes;
  BackgroundEncoder encoder(FakeEncoder({}, bytes), {});
  ASSERT_THAT(Encode(encoder, 1), IsOk());
  EXPECT_THAT(encoder.AddFrame(Shade(1)), StatusIs(absl::StatusCode::kFailedPrecondition));
}

TEST(BackgroundEncoder, EncodesNothingMoreOnceCancelled) {
  GatedEncoder::Gate gate;
  CancellationSource cancellation;
  {
    BackgroundEncoder encoder(std::make_unique<GatedEncoder>(gate), cancellation.token());
    ASSERT_NO_FATAL_FAILURE(Fill(encoder, gate));
    cancellation.Cancel(absl::CancelledError("enough"));
    gate.opened.Notify();
  }
  EXPECT_THAT(gate.shades, ElementsAre(0));
}

TEST(BackgroundEncoder, EndsWhileFramesWait) {
  GatedEncoder::Gate gate;
  std::thread opener;
  {
    BackgroundEncoder encoder(std::make_unique<GatedEncoder>(gate), {});
    ASSERT_NO_FATAL_FAILURE(Fill(encoder, gate));
    opener = std::thread([&] { gate.opened.Notify(); });
  }
  opener.join();
}

}  // namespace
}  // namespace ruyi
