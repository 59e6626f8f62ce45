#include "client/flag_names.h"

#include <gtest/gtest.h>

namespace ruyi::client {
namespace {

TEST(FlagNames, GivesEachFieldItsFlag) {
  const FlagNames flags({}, {});
  EXPECT_EQ(flags.Of("start_images"), "--image");
  EXPECT_EQ(flags.Of("end_images"), "--end-image");
  EXPECT_EQ(flags.Of("base_resolution"), "--resolution");
  EXPECT_EQ(flags.Of("resolution"), "--resolution or --size");
  EXPECT_EQ(flags.Of("size"), "--size");
  EXPECT_EQ(flags.Of("size.width"), "--size");
  EXPECT_EQ(flags.Of("frame_count"), "--frames");
  EXPECT_EQ(flags.Of("camera"), "--camera");
  EXPECT_EQ(flags.Of("motion"), "--motion");
  EXPECT_EQ(flags.Of("sampler"), "--sampler");
  EXPECT_EQ(flags.Of("steps"), "--steps");
  EXPECT_EQ(flags.Of("guidance_scale"), "--guidance");
  EXPECT_EQ(flags.Of("seed"), "--seed");
}

TEST(FlagNames, NamesThePicture) {
  const FlagNames flags({"a.png", "b.png"}, {"c.png"});
  EXPECT_EQ(flags.Of("start_images[1]"), "--image number 2 (b.png)");
  EXPECT_EQ(flags.Of("start_images[0].data"), "--image number 1 (a.png)");
  EXPECT_EQ(flags.Of("end_images[0]"), "--end-image number 1 (c.png)");
}

TEST(FlagNames, LeavesAwayAPictureThatWasNotGiven) {
  const FlagNames flags({"a.png"}, {});
  EXPECT_EQ(flags.Of("start_images[1]"), "--image");
  EXPECT_EQ(flags.Of("start_images[-1]"), "--image");
  EXPECT_EQ(flags.Of("end_images[0]"), "--end-image");
}

TEST(FlagNames, LeavesAFieldWithoutFlagAsItIs) {
  EXPECT_EQ(FlagNames({}, {}).Of("execution_timeout.seconds"), "execution_timeout.seconds");
  EXPECT_EQ(FlagNames({}, {}).Of(""), "");
}

}  // namespace
}  // namespace ruyi::client
