#include "server/service/stream_registry.h"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "core/base/error_info.h"
#include "core/base/error_reasons.h"

namespace ruyi {
namespace {

class EndedByRegistry final : public OpenStream {
 public:
  void Tick() override {}
  void EndWhenDry(const absl::Status& /*why*/) override {}
  void End(const absl::Status& why) override { end = why; }

  absl::Status end;
};

TEST(StreamRegistry, EndsStreamsOverTheLimit) {
  StreamRegistry registry;
  std::vector<std::shared_ptr<EndedByRegistry>> streams;
  const auto add = [&] {
    streams.push_back(std::make_shared<EndedByRegistry>());
    registry.Add(streams.back());
    return streams.back()->end;
  };
  for (size_t i = 0; i < StreamRegistry::kMaxStreams; ++i)
    ASSERT_TRUE(add().ok()) << i;
  const absl::Status refusal = add();
  EXPECT_TRUE(absl::IsResourceExhausted(refusal));
  EXPECT_EQ(GetErrorInfo(refusal).reason, reason::kQueueFull);
  streams.erase(streams.begin(), streams.begin() + 2);  // one in, and the one that was refused is still there
  EXPECT_TRUE(add().ok());
}

}  // namespace
}  // namespace ruyi
