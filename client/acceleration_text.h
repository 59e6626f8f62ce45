// Shows the settings that save time or memory as the flags that ask for them. Before it: a video's settings, or a
// quality profile. After it: what the commands print. A function without state.
#pragma once

#include <string>

#include "ruyi/v1/video.pb.h"

namespace ruyi::client {

// Returns flags such as "--fp8 strong --easy-cache 0.05 --easy-cache-skip 5,1"; empty when all is off.
std::string AccelerationText(const v1::Acceleration& settings);

}  // namespace ruyi::client
