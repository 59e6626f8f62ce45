#include "server/app/device_names.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ruyi {
namespace {

using testing::ElementsAre;
using testing::Optional;

TEST(DeviceNames, AreEachOfTheList) {
  EXPECT_THAT(ParseDevices("cpu"), Optional(ElementsAre("cpu")));
  EXPECT_THAT(ParseDevices("cuda"), Optional(ElementsAre("cuda")));
  EXPECT_THAT(ParseDevices("cuda:0"), Optional(ElementsAre("cuda:0")));
  EXPECT_THAT(ParseDevices("cuda:3,0,12"), Optional(ElementsAre("cuda:3", "cuda:0", "cuda:12")));
}

TEST(DeviceNames, AreRefusedWhenTheyAreNone) {
  for (const char* text : {"", "gpu", "cpu,cuda", "cpu:0", "cuda,cuda:1", "cuda:", "cuda:x", "cuda:-1", "cuda:100",
                           "cuda:01", "cuda:0,", "cuda:,0", "cuda:0,,1", "cuda:0, 1", "cuda:0,cuda:1"})
    EXPECT_EQ(ParseDevices(text), std::nullopt) << text;
}

TEST(DeviceNames, AreRefusedWhenOneComesTwice) {
  EXPECT_EQ(ParseDevices("cuda:1,0,1"), std::nullopt);
}

}  // namespace
}  // namespace ruyi
