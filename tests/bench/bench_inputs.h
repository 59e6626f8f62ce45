// What the benchmarks work on: the demo request of scripts/demo, the photograph, films cut out of it. Before them: the
// repository's files, which must be there. Functions without state; thread-safe.
#pragma once

#include <string>
#include <vector>

#include "core/media/rgb_image.h"
#include "core/plan/generation_plan.h"
#include "ruyi/v1/video_service.pb.h"

namespace ruyi {

// The folder of the demo model.
std::string DemoModel();

// The bytes of the 640x384 JPEG.
std::string PhotoBytes();

// The plan that the demo request becomes: 24 frames of 160x96, guidance 1.5; `steps` steps.
GenerationPlan DemoPlan(int steps);

// The same as a request.
v1::GenerateVideoRequest DemoRequest(int steps);

// A window of 160x96 that slides over the photograph by 2 pixels per frame.
std::vector<RgbImage> PanningFrames(int count);

}  // namespace ruyi
