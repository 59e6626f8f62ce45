// Holds the parts that a server is made of: component_factory.h gives them in the program, tests give fakes. A value.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "core/base/clock.h"
#include "core/http/http_client.h"
#include "core/media/image_decoder.h"
#include "core/media/image_encoder.h"
#include "core/media/video_encoder.h"
#include "core/pipeline/pipeline.h"
#include "server/app/stores.h"

namespace ruyi {

// A model that was loaded, on all devices.
struct LoadedPipelines {
  std::vector<std::unique_ptr<Pipeline>> pipelines;  // one for each worker, at least one, not yet warm
  std::vector<std::string> devices;                  // what each computes on, for people to read
  std::string model_sha256;                          // of the model's files, in hex
  std::string arithmetic;                            // the type that all compute in, for example "BFloat16"
};

// The longest that the end of a server takes beside the patience of Drain.
struct StopLimits {
  absl::Duration hand_back = absl::Seconds(60);  // for a worker's next boundary, which may be a denoising step away
  absl::Duration flush = absl::Seconds(10);      // for streams to reach slow readers
};

struct Components {
  // Loads the model on all devices. May take minutes.
  std::function<absl::StatusOr<LoadedPipelines>()> load_pipelines;

  // Opens the stores. Errors: those of the stores' Open. Blocks on the disk.
  std::function<absl::StatusOr<Stores>()> open_stores;

  std::unique_ptr<ImageDecoder> image_decoder;
  std::unique_ptr<ImageEncoder> image_encoder;
  std::unique_ptr<VideoEncoderFactory> video_encoders;
  std::unique_ptr<HttpClient> collector;  // of traces, which ServerOptions names; none: traces are not sent
  const Clock* clock = &Clock::Real();
  StopLimits stop_limits;
};

}  // namespace ruyi
