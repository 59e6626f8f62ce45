// A small valid request, for a test to change. A function without state; thread-safe.
#pragma once

#include <ruyi/v1/video_service.pb.h>

namespace ruyi {

// Eight frames of 256x256 pixels in three steps, from one picture of FakeImageDecoder.
v1::GenerateVideoRequest SmallRequest();

}  // namespace ruyi
