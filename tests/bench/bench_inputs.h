// Makes the inputs of the benchmarks: the demo request of scripts/demo, the photograph, films cut out of it. Before
// them: the repository's files, which must be there. Functions without state; thread-safe.
#pragma once

#include <string>
#include <vector>

#include "core/media/rgb_image.h"
#include "ruyi/v1/video_service.pb.h"
#include "tests/support/video_input.h"

namespace ruyi {

// The folder of the demo model.
std::string DemoModel();

// The bytes of the 640x384 JPEG.
std::string PhotoBytes();

// Returns the video of the demo request: 24 frames of 160x96, guidance 1.5, `steps` steps.
VideoInput DemoVideo(int steps);

// The same as a request.
v1::GenerateVideoRequest DemoRequest(int steps);

// A window of 160x96 that slides over the photograph by 2 pixels per frame.
std::vector<RgbImage> PanningFrames(int count);

}  // namespace ruyi
