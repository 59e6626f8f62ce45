#include "core/request/validate.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "core/base/error_info.h"
#include "core/base/error_reasons.h"

namespace ruyi {
namespace {

constexpr int kMaxMotion = 4;

// Collects what is wrong while the request is read from top to bottom.
class Validator {
 public:
  Validator(const RequestLimits& limits, const ImageDecoder& decoder, const LoraCatalog& loras)
      : limits_(limits), decoder_(decoder), loras_(loras) {}

  absl::StatusOr<ValidatedRequest> Run(const GenerationRequest& request);

 private:
  void Add(std::string field, std::string description);
  bool IsRefused(const std::string& field) const;

  std::vector<RgbImage> Images(const std::vector<std::string>& encoded, const std::string& field, int min, int max);
  std::variant<BaseResolution, PixelSize> Resolution(const GenerationRequest& request);
  void CheckSize(const PixelSize& size);
  void CheckSide(const std::string& field, int side);
  int FrameCount(const GenerationRequest& request);
  void CheckPicturesFit(const GenerationRequest& request, int frame_count);
  void CheckMotion(const GenerationRequest& request);
  void CheckSamplerSteps(SamplerKind sampler, int steps);
  void CheckSkips(const std::string& field, int start, int end, int least);
  void CheckTeaCache(const GenerationRequest& request);
  void CheckEnhance(const GenerationRequest& request);
  int64_t CheckLoras(std::vector<LoraSettings>& loras);
  void CheckMemory(const MemorySettings& memory);
  void CheckFp8(const Fp8Settings& wanted);
  void CheckTimeout(absl::Duration timeout);
  absl::Status Refusal();

  template <typename T>
  T InRange(const std::string& field, const std::optional<T>& value, const Range<T>& range);

  const RequestLimits& limits_;
  const ImageDecoder& decoder_;
  const LoraCatalog& loras_;
  std::vector<FieldViolation> violations_;
  bool image_too_large_ = false;
  bool feature_not_built_ = false;
};

std::string SizeText(const PixelSize& size) {
  return absl::StrFormat("%dx%d", size.width, size.height);
}

// "32", or "24 or 32" when `value` lies between two multiples inside of [min, max].
std::string NearestMultiples(int value, int multiple, int min, int max) {
  const int first = (min + multiple - 1) / multiple * multiple;
  const int last = max / multiple * multiple;
  const int below = std::clamp(value / multiple * multiple, first, last);
  const int above = std::min(below + multiple, last);
  if (value <= first || below == above)
    return absl::StrFormat("%d", below);
  return absl::StrFormat("%d or %d", below, above);
}

bool Validator::IsRefused(const std::string& field) const {
  return std::any_of(violations_.begin(), violations_.end(),
                     [&](const FieldViolation& violation) { return violation.field == field; });
}

// A field is refused once, for the first thing that is wrong with it.
void Validator::Add(std::string field, std::string description) {
  if (!IsRefused(field))
    violations_.push_back({std::move(field), std::move(description)});
}

template <typename T>
T Validator::InRange(const std::string& field, const std::optional<T>& value, const Range<T>& range) {
  const T given = value.value_or(range.default_value);
  if (!(given >= range.min && given <= range.max)) {  // also refuses NaN
    Add(field, absl::StrCat(given, " is out of range; use ", range.min, " to ", range.max));
  }
  return given;
}

std::vector<RgbImage> Validator::Images(const std::vector<std::string>& encoded, const std::string& field, int min,
                                        int max) {
  const int count = static_cast<int>(encoded.size());
  if (count < min || count > max) {
    Add(field, max == 0 ? absl::StrFormat("%d given; this model takes none", count)
                        : absl::StrFormat("%d given; send %d to %d", count, min, max));
    return {};
  }
  std::vector<RgbImage> images;
  for (int i = 0; i < count; ++i) {
    absl::StatusOr<RgbImage> image = decoder_.Decode(encoded[i], limits_.image);
    if (image.ok()) {
      images.push_back(*std::move(image));
      continue;
    }
    image_too_large_ |= GetErrorInfo(image.status()).reason == reason::kImageTooLarge;
    Add(absl::StrFormat("%s[%d]", field, i), std::string(image.status().message()));
  }
  return images;
}

void Validator::CheckSide(const std::string& field, int side) {
  const int multiple = limits_.size_multiple;
  if (side < limits_.min_side || side > limits_.max_side) {
    Add(field, absl::StrFormat("%d is out of range; use %d to %d", side, limits_.min_side, limits_.max_side));
  } else if (side % multiple != 0) {
    Add(field, absl::StrFormat("%d is not a multiple of %d; use %s", side, multiple,
                               NearestMultiples(side, multiple, limits_.min_side, limits_.max_side)));
  }
}

void Validator::CheckSize(const PixelSize& size) {
  if (limits_.sizes.empty()) {
    CheckSide("size.width", size.width);
    CheckSide("size.height", size.height);
  } else if (std::find(limits_.sizes.begin(), limits_.sizes.end(), size) == limits_.sizes.end()) {
    Add("size", absl::StrFormat("%s (width x height) is not a size of this model; use one of %s", SizeText(size),
                                absl::StrJoin(limits_.sizes, ", ", [](std::string* out, const PixelSize& allowed) {
                                  out->append(SizeText(allowed));
                                })));
  }
}

std::variant<BaseResolution, PixelSize> Validator::Resolution(const GenerationRequest& request) {
  if (request.size.has_value() && request.base_resolution.has_value())
    Add("size", "given together with base_resolution; send one of the two");
  if (request.size.has_value()) {
    CheckSize(*request.size);
    return *request.size;
  }
  return BaseResolution{InRange("base_resolution", request.base_resolution, limits_.base_resolution)};
}

int Validator::FrameCount(const GenerationRequest& request) {
  const Range<int>& range = limits_.frame_count;
  const int frames = InRange("frame_count", request.frame_count, range);
  if (frames % limits_.frame_multiple != 0) {
    Add("frame_count", absl::StrFormat("%d is not a multiple of %d; use %s", frames, limits_.frame_multiple,
                                       NearestMultiples(frames, limits_.frame_multiple, range.min, range.max)));
  }
  return frames;
}

void Validator::CheckPicturesFit(const GenerationRequest& request, int frame_count) {
  const size_t pictures = request.start_images.size() + request.end_images.size();
  if (!IsRefused("start_images") && !IsRefused("end_images") && pictures > static_cast<size_t>(frame_count))
    Add("frame_count",
        absl::StrFormat("%d frames do not hold %d pictures; send fewer pictures", frame_count, pictures));
}

void Validator::CheckMotion(const GenerationRequest& request) {
  if (request.motion.has_value() && (*request.motion < 1 || *request.motion > kMaxMotion)) {
    Add("motion",
        absl::StrFormat("%d is out of range; use 1 to %d, or leave it out for auto", *request.motion, kMaxMotion));
  }
}

void Validator::CheckSamplerSteps(SamplerKind sampler, int steps) {
  if (sampler == SamplerKind::kPndm && steps >= 1 && steps < kPndmMinSteps)
    Add("steps", absl::StrFormat("%d is too few for the sampler PNDM; use %d or more", steps, kPndmMinSteps));
}

void Validator::CheckSkips(const std::string& field, int start, int end, int least) {
  const int most = limits_.steps.max;
  for (const auto& [name, value] : {std::pair("skip_start_steps", start), std::pair("skip_end_steps", end)}) {
    if (value < least || value > most)
      Add(absl::StrCat(field, ".", name), absl::StrFormat("%d is out of range; use %d to %d", value, least, most));
  }
}

void Validator::CheckTeaCache(const GenerationRequest& request) {
  if (!request.tea_cache.has_value())
    return;
  const TeaCacheSettings& settings = *request.tea_cache;
  InRange<double>("acceleration.tea_cache.threshold", settings.threshold, kTeaCacheThreshold);
  CheckSkips("acceleration.tea_cache", settings.skip_start_steps, settings.skip_end_steps, 1);
}

void Validator::CheckEnhance(const GenerationRequest& request) {
  if (!request.enhance.has_value())
    return;
  const EnhanceSettings& settings = *request.enhance;
  InRange<double>("acceleration.enhance_a_video.weight", settings.weight, kEnhanceWeight);
  CheckSkips("acceleration.enhance_a_video", settings.skip_start_steps, settings.skip_end_steps, 0);
}

// Returns the bytes that they take, and fills in which files they are.
int64_t Validator::CheckLoras(std::vector<LoraSettings>& loras) {
  const int count = static_cast<int>(loras.size());
  if (count > limits_.max_loras) {
    Add("acceleration.loras", absl::StrFormat("%d given; send at most %d", count, limits_.max_loras));
    return 0;
  }
  int64_t bytes = 0;
  for (int i = 0; i < count; ++i) {
    const std::string field = absl::StrFormat("acceleration.loras[%d]", i);
    const absl::StatusOr<LoraFacts> facts = loras_.Check(loras[i].name);
    if (facts.ok()) {
      bytes += facts->device_bytes;
      loras[i].sha256 = facts->sha256;
    } else {
      Add(field + ".name", std::string(facts.status().message()));
    }
    InRange<double>(field + ".strength", loras[i].strength, kLoraStrength);
  }
  return bytes;
}

void Validator::CheckMemory(const MemorySettings& memory) {
  const bool is_fixed = memory.resident_blocks.has_value() || memory.resident_states.has_value();
  if (is_fixed && memory.policy != MemoryPolicy::kAuto)
    Add("memory.policy", "given together with a fixed number of blocks or states; send one of the two");
  if (memory.max_vram_mib.has_value() && *memory.max_vram_mib < 1)
    Add("memory.max_vram_mib", absl::StrFormat("%d is out of range; use 1 or more", *memory.max_vram_mib));
  if (memory.resident_blocks.has_value() && *memory.resident_blocks < 0)
    Add("memory.resident_blocks", absl::StrFormat("%d is out of range; use 0 or more", *memory.resident_blocks));
  if (memory.resident_states.has_value() && *memory.resident_states < 1)
    Add("memory.resident_states", absl::StrFormat("%d is out of range; use 1 or more", *memory.resident_states));
}

// Weights in 8 bits have lost what another mode would need.
void Validator::CheckFp8(const Fp8Settings& wanted) {
  feature_not_built_ = limits_.fp8.mode != Fp8Mode::kNone && wanted != limits_.fp8;
  if (feature_not_built_) {
    Add("acceleration.fp8",
        "this server's weights lie in 8 bits already, in another mode or type; leave it out, or use the one that "
        "GetCapabilities names");
  }
}

void Validator::CheckTimeout(absl::Duration timeout) {
  if (timeout <= absl::ZeroDuration())
    Add("execution_timeout", "must be longer than zero; leave it out for no limit");
}

absl::Status Validator::Refusal() {
  const bool only_not_built = feature_not_built_ && violations_.size() == 1;
  const absl::Status status = InvalidFields(std::move(violations_));
  ErrorInfo info = GetErrorInfo(status);
  if (only_not_built) {
    info.reason = std::string(reason::kFeatureNotBuilt);
    return WithErrorInfo(absl::UnimplementedError(status.message()), info);
  }
  return image_too_large_ ? WithErrorInfo(status, {.reason = std::string(reason::kImageTooLarge)}) : status;
}

absl::StatusOr<ValidatedRequest> Validator::Run(const GenerationRequest& request) {
  violations_ = request.unreadable;
  ValidatedRequest valid;
  valid.start_images = Images(request.start_images, "start_images", 1, limits_.max_start_images);
  valid.end_images = Images(request.end_images, "end_images", 0, limits_.max_end_images);
  valid.resolution = Resolution(request);
  valid.frame_count = FrameCount(request);
  CheckPicturesFit(request, valid.frame_count);
  valid.camera = request.camera;
  CheckMotion(request);
  valid.motion = request.motion;
  valid.sampler = request.sampler;
  valid.steps = InRange("steps", request.steps, limits_.steps);
  CheckSamplerSteps(request.sampler, valid.steps);
  valid.guidance_scale = InRange("guidance_scale", request.guidance_scale, limits_.guidance_scale);
  valid.guidance_rescale = InRange("guidance_rescale", request.guidance_rescale, kGuidanceRescale);
  valid.clip_apply_ratio = InRange("clip_apply_ratio", request.clip_apply_ratio, kClipApplyRatio);
  valid.fp8 = request.fp8.value_or(limits_.fp8);
  CheckFp8(valid.fp8);
  valid.loras = request.loras;
  valid.lora_bytes = CheckLoras(valid.loras);
  CheckTeaCache(request);
  valid.tea_cache = request.tea_cache;
  CheckEnhance(request);
  valid.enhance = request.enhance;
  valid.vae_tiling = request.vae_tiling;
  CheckMemory(request.memory);
  valid.memory = request.memory;
  valid.seed = request.seed;
  CheckTimeout(request.execution_timeout);
  valid.execution_timeout = request.execution_timeout;
  if (!violations_.empty())
    return Refusal();
  return valid;
}

}  // namespace

absl::StatusOr<ValidatedRequest> Validate(const GenerationRequest& request, const RequestLimits& limits,
                                          const ImageDecoder& decoder, const LoraCatalog& loras) {
  return Validator(limits, decoder, loras).Run(request);
}

}  // namespace ruyi
