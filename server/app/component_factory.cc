#include "server/app/component_factory.h"

#include <ATen/Parallel.h>

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_join.h"
#include "core/base/status_macros.h"
#include "core/http/curl_http_client.h"
#include "core/media/codecs/jpeg_encoder.h"
#include "core/media/ffmpeg/ffmpeg_video_encoder.h"
#include "core/media/opencv/opencv_image_decoder.h"
#include "core/pipeline/ruyi/ruyi_pipeline.h"
#include "core/plan/prediction.h"
#include "core/tensor/device.h"
#include "core/weights/model_digest.h"
#include "server/app/log.h"
#include "server/app/open_stores.h"

namespace ruyi {
namespace {

// A collector that is slower than this is away.
constexpr absl::Duration kCollectorPatience = absl::Seconds(2);

c10::ScalarType TypeOf(ComputeType type, c10::Device device) {
  switch (type) {
    case ComputeType::kFloat32:
      return c10::kFloat;
    case ComputeType::kBfloat16:
      return c10::kBFloat16;
    case ComputeType::kAuto:
      break;
  }
  return FastTypeOf(device);
}

void WarnOfSlowType(c10::ScalarType type, c10::Device device) {
  if (type == c10::kBFloat16 && FastTypeOf(device) != type) {
    Log(LogLevel::kWarning, "slow_dtype",
        {{"message",
          "this processor has no instructions for bfloat16 (avx512_bf16): it is about 200 times slower than "
          "float32 here; start with --dtype float32 or auto"}});
  }
}

absl::StatusOr<std::vector<c10::Device>> OpenDevices(const std::vector<std::string>& names) {
  std::vector<c10::Device> devices;
  for (const std::string& name : names) {
    RUYI_ASSIGN_OR_RETURN(const c10::Device device, OpenDevice(name));
    devices.push_back(device);
  }
  return devices;
}

// Returns the devices of each worker: one each, or two each.
std::vector<std::vector<c10::Device>> GroupsOf(const std::vector<c10::Device>& devices, Parallel parallel) {
  const size_t size = parallel == Parallel::kCfg ? 2 : 1;
  std::vector<std::vector<c10::Device>> groups;
  for (size_t i = 0; i + size <= devices.size(); i += size)
    groups.emplace_back(devices.begin() + i, devices.begin() + i + size);
  return groups;
}

std::string NamesOf(const std::vector<c10::Device>& devices) {
  return absl::StrJoin(devices, ",", [](std::string* out, const c10::Device& device) { out->append(device.str()); });
}

RuyiPipelineOptions OptionsOf(const ServerOptions& options) {
  RuyiPipelineOptions result = {.lora_folder = options.lora_dir, .calibration_file = options.calibration_file};
  result.on_skipped_lora = [](const std::string& name, std::string_view why) {
    Log(LogLevel::kWarning, "lora_skipped", {{"name", name}, {"why", why}});
  };
  result.on_calibration = [file = options.calibration_file] {
    Log(LogLevel::kInfo, "measuring",
        {{"calibration_file", file},
         {"message",
          "small videos are made to learn what videos take here, about a minute on a CPU; later starts read the "
          "file"}});
  };
  if (options.vram_budget_mib.has_value())
    result.vram_budget_bytes = BytesOfMib(*options.vram_budget_mib);
  return result;
}

absl::StatusOr<std::unique_ptr<Pipeline>> LoadPipeline(const ServerOptions& options,
                                                       const std::vector<c10::Device>& devices,
                                                       const RuyiPipelineOptions& pipeline_options) {
  const RuyiModelOptions model = {
      .folder = options.model, .devices = devices, .dtype = TypeOf(options.dtype, devices.front()), .fp8 = options.fp8};
  Log(LogLevel::kInfo, "computing",
      {{"device", NamesOf(devices)}, {"dtype", c10::toString(model.dtype)}, {"threads", at::get_num_threads()}});
  WarnOfSlowType(model.dtype, devices.front());
  RUYI_ASSIGN_OR_RETURN(std::unique_ptr<RuyiPipeline> pipeline, RuyiPipeline::Load(model, pipeline_options));
  const std::vector<std::string>& unused = pipeline->unused_names();
  if (!unused.empty())
    Log(LogLevel::kWarning, "unused_weights", {{"count", unused.size()}, {"names", unused}});
  return pipeline;
}

// Hashing a large model takes seconds, once: the folder of the state remembers it.
absl::StatusOr<std::string> DigestOf(const ServerOptions& options) {
  return ModelDigest(options.model, std::filesystem::path(options.state_dir) / "model_digests.json");
}

absl::StatusOr<LoadedPipelines> LoadPipelines(const ServerOptions& options) {
  RUYI_ASSIGN_OR_RETURN(const std::vector<c10::Device> devices, OpenDevices(options.devices));
  LoadedPipelines loaded;
  RUYI_ASSIGN_OR_RETURN(loaded.model_sha256, DigestOf(options));
  loaded.arithmetic = c10::toString(TypeOf(options.dtype, devices.front()));
  const RuyiPipelineOptions shared = OptionsOf(options);
  for (const std::vector<c10::Device>& group : GroupsOf(devices, options.parallel)) {
    RUYI_ASSIGN_OR_RETURN(std::unique_ptr<Pipeline> pipeline, LoadPipeline(options, group, shared));
    loaded.pipelines.push_back(std::move(pipeline));
    loaded.devices.push_back(NamesOf(group));
  }
  return loaded;
}

}  // namespace

Components MakeComponents(const ServerOptions& options) {
  if (options.threads > 0)
    at::set_num_threads(options.threads);
  Components components;
  const Clock& clock = *components.clock;
  components.load_pipelines = [options] { return LoadPipelines(options); };
  components.open_stores = [options, &clock] { return OpenStores(options, clock); };
  components.image_decoder = std::make_unique<OpencvImageDecoder>();
  components.image_encoder = std::make_unique<JpegEncoder>();
  components.video_encoders = std::make_unique<FfmpegVideoEncoderFactory>();
  components.collector = std::make_unique<CurlHttpClient>(
      CurlOptions{.connect_timeout = kCollectorPatience, .timeout = kCollectorPatience});
  return components;
}

}  // namespace ruyi
