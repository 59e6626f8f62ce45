#include "server/app/contradiction.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ruyi {
namespace {

using testing::HasSubstr;

TEST(Contradiction, IsNoneInTheDefaults) {
  EXPECT_EQ(ContradictionIn({}), "");
}

TEST(Contradiction, ScaledArithmeticNeedsItsType) {
  const auto in = [](Fp8Type type, Fp8Arithmetic arithmetic) {
    return ContradictionIn({.fp8 = {.mode = Fp8Mode::kLite, .type = type, .arithmetic = arithmetic}});
  };
  EXPECT_THAT(in(Fp8Type::kE5m2, Fp8Arithmetic::kScaled), HasSubstr("--fp8-arithmetic"));
  EXPECT_EQ(in(Fp8Type::kE4m3fn, Fp8Arithmetic::kScaled), "");
  EXPECT_EQ(in(Fp8Type::kE5m2, Fp8Arithmetic::kWidened), "");
}

TEST(Contradiction, GpusShareAVideoInPairs) {
  using Devices = std::vector<std::string>;
  for (const Devices& devices : {Devices{"cpu"}, Devices{"cuda"}, Devices{"cuda:0", "cuda:1", "cuda:2"}}) {
    EXPECT_THAT(ContradictionIn({.devices = devices, .parallel = Parallel::kCfg}), HasSubstr("--device cuda:0,1"));
    EXPECT_EQ(ContradictionIn({.devices = devices}), "");
  }
  EXPECT_EQ(ContradictionIn({.devices = {"cuda:3", "cuda:2", "cuda:1", "cuda:0"}, .parallel = Parallel::kCfg}), "");
}

TEST(Contradiction, AnAddressOfOthersNeedsTls) {
  EXPECT_THAT(ContradictionIn({.listen = "0.0.0.0:50051"}), HasSubstr("--listen: 0.0.0.0:50051"));
  EXPECT_THAT(ContradictionIn({.admin_listen = "0.0.0.0:50052"}), HasSubstr("--admin-listen: 0.0.0.0:50052"));
  EXPECT_EQ(ContradictionIn({.access = {.insecure = true}, .admin_listen = "0.0.0.0:50052"}), "");
}

TEST(Contradiction, ChannelzNeedsAnAddress) {
  EXPECT_EQ(ContradictionIn({.channelz = true}), "");
  EXPECT_THAT(ContradictionIn({.admin_listen = "", .channelz = true}), HasSubstr("--channelz"));
  EXPECT_EQ(ContradictionIn({.admin_listen = ""}), "");
}

}  // namespace
}  // namespace ruyi
