// Blocks that are streamed to a device, and what becomes of them when it breaks at any moment.
#include "core/model/dit/streaming.h"

#include <ATen/core/TensorBody.h>
#include <ATen/ops/ones.h>
#include <c10/util/Exception.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_format.h"
#include "core/base/exception_guard.h"
#include "tests/core/memory/fake_device.h"
#include "tests/support/status_matchers.h"

namespace ruyi {
namespace {

using testing::HasSubstr;

constexpr int64_t kLayers = 6;

DitStreaming Streaming() {
  Parameters parameters;
  for (int64_t block = 0; block < kLayers; ++block)
    parameters[absl::StrFormat("blocks.%d.weight", block)] = at::ones({4, 4});
  return DitStreaming({.resident_blocks = 2}, [&](int64_t) { return parameters; }, kLayers, c10::Device(c10::kMeta));
}

void UseAllBlocks() {
  const DitStreaming streaming = Streaming();
  for (int64_t block = 0; block < kLayers; ++block) {
    BlockUse use(streaming, block);
    use.End();
  }
}

void FailInEachBlock() {
  const DitStreaming streaming = Streaming();
  for (int64_t block = 0; block < kLayers; ++block) {
    const absl::Status status = GuardExceptions("a block", [&] {
      const BlockUse use(streaming, block);
      TORCH_CHECK(false, "the block's work fails");
    });
    EXPECT_THAT(status, StatusIs(absl::StatusCode::kInternal));
  }
}

TEST(BlockUse, TellsOfADeviceThatBreaksWhereverItDoes) {
  FakeDevice device;
  UseAllBlocks();
  const int calls = device.calls();
  for (int good = 0; good + 1 < calls; ++good) {  // the last call waits for the copies in a destructor
    device.BreakAfter(good);
    EXPECT_THAT(GuardExceptions("a pass", UseAllBlocks),
                StatusIs(absl::StatusCode::kInternal, HasSubstr("device-side assert")))
        << good;
  }
}

TEST(BlockUse, GivesItsSlotBackWhenTheWorkFails) {
  FakeDevice device;
  FailInEachBlock();
  const int calls = device.calls();
  for (int good = 0; good < calls; ++good) {
    device.BreakAfter(good);
    GuardExceptions("a pass", FailInEachBlock)
        .IgnoreError();  // placing the blocks may fail, and nothing ends the process
  }
}

}  // namespace
}  // namespace ruyi
