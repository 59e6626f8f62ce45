// Holds the limits of requests that a model and a server accept, and the defaults that they fill in. This is the one
// place of these numbers: GetCapabilities shows them, validate uses them. They are read from the model folder's
// serving.json; without one they are those of Ruyi-Mini-7B. A value.
#pragma once

#include <filesystem>
#include <limits>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "core/media/image_decoder.h"
#include "core/request/generation_request.h"

namespace ruyi {

template <typename T>
struct Range {
  T min;
  T max;
  T default_value;
};

struct RequestLimits {
  std::string model_name = "Ruyi-Mini-7B";
  Range<int> base_resolution{384, 896, 512};  // pixels: about base² in all
  int size_multiple = 16;                     // width and height are multiples of it
  int min_side = 256;                         // pixels
  int max_side = 1344;                        // pixels
  std::vector<PixelSize> sizes;               // when not empty, the only sizes accepted
  Range<int> frame_count{8, 120, 120};
  int frame_multiple = 8;  // the model's chunk
  Range<int> steps{1, 100, 25};
  Range<double> guidance_scale{1.0, 20.0, 7.0};
  int max_start_images = 4;
  int max_end_images = 4;
  ImageLimits image;  // the server's, by option
  int max_loras = 4;  // of one request; the server's, by option
  Fp8Settings fp8;    // of the loaded weights; the server's, by option

  // How many blocks and states the loaded transformer has; the largest numbers as long as none is loaded.
  int max_resident_blocks = std::numeric_limits<int>::max();
  int max_resident_states = std::numeric_limits<int>::max();
};

// These are the same for every model.
inline constexpr int kPndmMinSteps = 4;
inline constexpr Range<double> kTeaCacheThreshold{0.0, 1.0, TeaCacheSettings().threshold};
inline constexpr Range<double> kEasyCacheThreshold{0.0, 1.0, EasyCacheSettings().threshold};
inline constexpr Range<double> kGuidanceGateStartRatio{0.0, 1.0, GuidanceGateSettings().start_ratio};  // between these
inline constexpr Range<double> kGuidanceRescale{0.0, 1.0, 0.0};
inline constexpr Range<double> kClipApplyRatio{0.0, 1.0, 0.4};
inline constexpr Range<double> kLoraStrength{-10.0, 10.0, kDefaultLoraStrength};
inline constexpr Range<double> kEnhanceWeight{0.0, 10.0, EnhanceSettings().weight};
inline constexpr Range<int> kCrf{0, kMaxCrf, EncodingSettings().crf};
inline constexpr Range<int> kFragmentFrames{1, kMaxFragmentFrames, EncodingSettings().fragment_frames};
inline constexpr Range<int> kPreviewWidth{16, 512, PreviewSettings().width};  // pixels

// Reads `<model_folder>/serving.json` over the defaults above; a folder without that file gives the defaults.
// DATA_LOSS: not JSON. INVALID_ARGUMENT: an unknown key, a value of the wrong type, an empty range. Blocks on the disk.
absl::StatusOr<RequestLimits> LoadRequestLimits(const std::filesystem::path& model_folder);

}  // namespace ruyi
