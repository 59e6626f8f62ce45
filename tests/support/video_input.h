// Everything that a pipeline makes a video of. Before it: a test or a benchmark. After it: Pipeline::Generate. A value.
#pragma once

#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "core/base/cancellation.h"
#include "core/media/rgb_image.h"
#include "core/pipeline/discard.h"
#include "core/pipeline/pipeline.h"
#include "core/plan/placement.h"
#include "core/plan/video_spec.h"

namespace ruyi {

struct VideoInput {
  VideoSpec spec;
  Placement placement;
  std::vector<RgbImage> pictures;  // of the spec, start pictures first, in the video's size

  // Lets the video begin and end with these pictures and no others.
  void SetPictures(std::vector<RgbImage> start, std::vector<RgbImage> end) {
    spec.start_pictures.assign(start.size(), PictureRef());
    spec.end_pictures.assign(end.size(), PictureRef());
    pictures = std::move(start);
    for (RgbImage& picture : end)
      pictures.push_back(std::move(picture));
  }

  // Lets the video end with these pictures and no others.
  void SetEnd(std::vector<RgbImage> end) {
    pictures.resize(spec.start_pictures.size());
    SetPictures(std::move(pictures), std::move(end));
  }
};

// Makes the whole video. Errors: those of Pipeline::Generate.
inline absl::StatusOr<GenerationReport> Generate(Pipeline& pipeline, const VideoInput& video, ProgressSink& progress,
                                                 FrameSink& frames, const CancellationToken& token = {}) {
  DiscardCheckpoints checkpoints;
  RunControl control = {.pictures = video.pictures,
                        .token = token,
                        .progress = progress,
                        .frames = frames,
                        .checkpoints = checkpoints,
                        .resume_from = {}};
  return pipeline.Generate(video.spec, video.placement, control);
}

}  // namespace ruyi
