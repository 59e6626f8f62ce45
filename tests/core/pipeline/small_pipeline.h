// Makes pipelines of the golden models, and the videos that they make. Functions without state; thread-safe.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "core/pipeline/ruyi/ruyi_pipeline.h"
#include "tests/core/pipeline/model_copy.h"
#include "tests/core/pipeline/recording_sinks.h"
#include "tests/support/status_matchers.h"
#include "tests/support/video_input.h"

namespace ruyi {

// Returns options that allow only small videos: WarmUp measures no others.
inline RuyiPipelineOptions SmallOptions() {
  RuyiPipelineOptions options;
  options.limits.sizes = {{.width = 32, .height = 32}, {.width = 48, .height = 32}};
  options.limits.frame_count = {.min = 8, .max = 32, .default_value = 16};
  return options;
}

inline RuyiPipeline PipelineOf(const std::string& model, RuyiPipelineOptions options = SmallOptions()) {
  return RuyiPipeline(LoadedModel(model), std::move(options));
}

inline RecordingFrames FramesOf(RuyiPipeline& pipeline, const VideoInput& input) {
  RecordingProgress progress;
  RecordingFrames frames;
  EXPECT_THAT(Generate(pipeline, input, progress, frames), IsOk());
  EXPECT_TRUE(progress.retries.empty());
  return frames;
}

inline std::vector<uint8_t> VideoOf(RuyiPipeline& pipeline, const VideoInput& input) {
  return FramesOf(pipeline, input).Bytes();
}

}  // namespace ruyi
