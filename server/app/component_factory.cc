#include "server/app/component_factory.h"

#include <ATen/Parallel.h>

#include <string>
#include <utility>

#include "core/base/status_macros.h"
#include "core/media/ffmpeg/ffmpeg_video_encoder.h"
#include "core/media/opencv/opencv_image_decoder.h"
#include "core/pipeline/ruyi/ruyi_pipeline.h"
#include "core/tensor/device.h"
#include "core/tensor/placement.h"
#include "server/app/log.h"

namespace ruyi {
namespace {

// On a processor without instructions for it, bfloat16 is many times slower than float32; GPUs have them.
c10::ScalarType TypeOf(ComputeType type, c10::Device device) {
  switch (type) {
    case ComputeType::kFloat32:
      return c10::kFloat;
    case ComputeType::kBfloat16:
      return c10::kBFloat16;
    case ComputeType::kAuto:
      break;
  }
  return device.is_cuda() || __builtin_cpu_supports("avx512bf16") ? c10::kBFloat16 : c10::kFloat;
}

absl::StatusOr<std::unique_ptr<Pipeline>> LoadPipeline(const ServerOptions& options) {
  Placement placement;
  RUYI_ASSIGN_OR_RETURN(placement.device, OpenDevice(options.device));
  placement.dtype = TypeOf(options.dtype, placement.device);
  Log(LogLevel::kInfo, "computing",
      {{"device", placement.device.str()},
       {"dtype", c10::toString(placement.dtype)},
       {"threads", at::get_num_threads()}});
  RUYI_ASSIGN_OR_RETURN(RuyiModels models, LoadRuyiModels(options.model, placement, options.fp8));
  if (!models.unused_names.empty())
    Log(LogLevel::kWarning, "unused_weights", {{"count", models.unused_names.size()}, {"names", models.unused_names}});
  return std::make_unique<RuyiPipeline>(std::move(models), options.lora_dir);
}

}  // namespace

Components MakeComponents(const ServerOptions& options) {
  if (options.threads > 0)
    at::set_num_threads(options.threads);
  Components components;
  components.load_pipeline = [options] { return LoadPipeline(options); };
  components.image_decoder = std::make_unique<OpencvImageDecoder>();
  components.video_encoders = std::make_unique<FfmpegVideoEncoderFactory>();
  return components;
}

}  // namespace ruyi
