#include "core/request/validate.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <type_traits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "core/base/error_info.h"
#include "core/base/error_reasons.h"
#include "core/base/status_macros.h"
#include "core/request/quality_profile.h"
#include "core/request/violations.h"

namespace ruyi {
namespace {

constexpr int kMaxMotion = 4;

// Shows a number with so many digits that one just beyond a limit does not look like the limit.
template <typename T>
std::string Shown(T number) {
  if constexpr (std::is_floating_point_v<T>)
    return absl::StrFormat("%.9g", number);
  return absl::StrCat(number);
}

// Collects what is wrong while the request is read from top to bottom.
class Validator {
 public:
  Validator(const PictureReader::Parts& parts, const LoraCatalog& loras)
      : limits_(parts.limits),
        loras_(loras),
        token_(parts.token),
        violations_(parts.violations),
        unreadable_(parts.violations.size()),
        pictures_(parts) {}

  absl::StatusOr<ValidatedRequest> Run(const GenerationRequest& request);

 private:
  void Add(std::string field, std::string description) { violations_.Add(std::move(field), std::move(description)); }

  bool CheckCount(const std::vector<PictureSource>& pictures, const std::string& field, int min, int max);
  void ReadSize(const GenerationRequest& request);
  void CheckSize(const PixelSize& size);
  void CheckSide(const std::string& field, int side);
  int FrameCount(const GenerationRequest& request);
  void CheckPicturesFit(const GenerationRequest& request, int frame_count);
  void CheckMotion(const GenerationRequest& request);
  void CheckSamplerSteps(SamplerKind sampler, int steps);
  void CheckSkips(const std::string& field, int start, int end, int least);
  void CheckTeaCache(const GenerationRequest& request);
  void CheckEnhance(const GenerationRequest& request);
  void CheckEasyCache(const GenerationRequest& request);
  void CheckGuidanceGate(const GenerationRequest& request);
  absl::StatusOr<int64_t> CheckLoras(std::vector<LoraSettings>& loras);
  void CheckResident(const std::string& field, const std::optional<int>& count, int least, int most);
  void CheckMemory(const MemorySettings& memory);
  EncodingSettings Encoding(const EncodingRequest& encoding);
  void CheckPreview(const std::optional<PreviewSettings>& preview);
  void CheckFp8(const Fp8Settings& wanted);
  void CheckTimeout(absl::Duration timeout);
  absl::Status ReadPictures(const GenerationRequest& request, ValidatedRequest& valid);
  absl::Status Refusal();

  template <typename T>
  T InRange(const std::string& field, const std::optional<T>& value, const Range<T>& range);

  const RequestLimits& limits_;
  const LoraCatalog& loras_;
  const CancellationToken& token_;
  Violations& violations_;
  const size_t unreadable_;  // of the violations, the first ones
  PictureReader pictures_;
  bool start_count_fits_ = false;
  bool end_count_fits_ = false;
  bool feature_not_built_ = false;
};

std::string SizeText(const PixelSize& size) {
  return absl::StrFormat("%dx%d", size.width, size.height);
}

// Returns "32", or "24 or 32" when `value` lies between two multiples inside of [min, max].
std::string NearestMultiples(int value, int multiple, int min, int max) {
  const int first = (min + multiple - 1) / multiple * multiple;
  const int last = max / multiple * multiple;
  const int below = std::clamp(value / multiple * multiple, first, last);
  const int above = std::min(below + multiple, last);
  if (value <= first || below == above)
    return absl::StrFormat("%d", below);
  return absl::StrFormat("%d or %d", below, above);
}

template <typename T>
T Validator::InRange(const std::string& field, const std::optional<T>& value, const Range<T>& range) {
  const T given = value.value_or(range.default_value);
  if (!(given >= range.min && given <= range.max)) {  // also refuses NaN
    Add(field, absl::StrCat(Shown(given), " is out of range; use ", range.min, " to ", range.max));
  }
  return given;
}

// Returns true when there are as many pictures as there may be.
bool Validator::CheckCount(const std::vector<PictureSource>& pictures, const std::string& field, int min, int max) {
  const int count = static_cast<int>(pictures.size());
  if (count >= min && count <= max)
    return true;
  Add(field, max == 0 ? absl::StrFormat("%d given; this model takes none", count)
                      : absl::StrFormat("%d given; send %d to %d", count, min, max));
  return false;
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

// Takes the size or the base resolution from the request. A base resolution that is wrong is not taken.
void Validator::ReadSize(const GenerationRequest& request) {
  if (request.size.has_value() && request.base_resolution.has_value())
    Add("size", "given together with base_resolution; send one of the two");
  if (request.size.has_value()) {
    CheckSize(*request.size);
    pictures_.SetSize(*request.size);
    return;
  }
  const int base_resolution = InRange("base_resolution", request.base_resolution, limits_.base_resolution);
  if (start_count_fits_ && !violations_.IsRefused("base_resolution"))
    pictures_.SetBaseResolution(base_resolution);
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
  if (!violations_.IsRefused("start_images") && !violations_.IsRefused("end_images") &&
      pictures > static_cast<size_t>(frame_count))
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

void Validator::CheckEasyCache(const GenerationRequest& request) {
  if (!request.easy_cache.has_value())
    return;
  const EasyCacheSettings& settings = *request.easy_cache;
  if (request.tea_cache.has_value())
    Add("acceleration.easy_cache", "given together with tea_cache; send one of the two");
  InRange<double>("acceleration.easy_cache.threshold", settings.threshold, kEasyCacheThreshold);
  CheckSkips("acceleration.easy_cache", settings.skip_start_steps, settings.skip_end_steps, 1);
}

void Validator::CheckGuidanceGate(const GenerationRequest& request) {
  if (!request.guidance_gate.has_value())
    return;
  for (const auto& [name, is_given] : {std::pair("tea_cache", request.tea_cache.has_value()),
                                       std::pair("enhance_a_video", request.enhance.has_value())})
    if (is_given) {
      Add("acceleration.guidance_gate",
          absl::StrFormat("given together with %s, which looks at both branches of guidance in every step; send one of "
                          "the two",
                          name));
    }
  const double ratio = request.guidance_gate->start_ratio;
  if (!(ratio > kGuidanceGateStartRatio.min && ratio < kGuidanceGateStartRatio.max)) {
    Add("acceleration.guidance_gate.start_ratio",
        absl::StrCat(Shown(ratio), " is out of range; use a number above ", kGuidanceGateStartRatio.min, " and below ",
                     kGuidanceGateStartRatio.max));
  }
}

// Returns the bytes that they take, and fills in which files they are; or the token's status.
absl::StatusOr<int64_t> Validator::CheckLoras(std::vector<LoraSettings>& loras) {
  const int count = static_cast<int>(loras.size());
  if (count > limits_.max_loras) {
    Add("acceleration.loras", absl::StrFormat("%d given; send at most %d", count, limits_.max_loras));
    return 0;
  }
  int64_t bytes = 0;
  for (int i = 0; i < count; ++i) {
    RUYI_RETURN_IF_ERROR(token_.Check());
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

// Checks a number of blocks or states that stay on the device.
void Validator::CheckResident(const std::string& field, const std::optional<int>& count, int least, int most) {
  if (!count.has_value())
    return;
  if (*count < least)
    Add(field, absl::StrFormat("%d is out of range; use %d or more", *count, least));
  if (*count > most)
    Add(field, absl::StrFormat("%d is more than this model has; use up to %d", *count, most));
}

void Validator::CheckMemory(const MemorySettings& memory) {
  const bool is_fixed = memory.resident_blocks.has_value() || memory.resident_states.has_value();
  if (is_fixed && memory.policy != MemoryPolicy::kAuto)
    Add("memory.policy", "given together with a fixed number of blocks or states; send one of the two");
  if (memory.max_vram_mib.has_value() && *memory.max_vram_mib < 1)
    Add("memory.max_vram_mib", absl::StrFormat("%d is out of range; use 1 or more", *memory.max_vram_mib));
  if (memory.max_host_mib.has_value() && *memory.max_host_mib < 1)
    Add("memory.max_host_mib", absl::StrFormat("%d is out of range; use 1 or more", *memory.max_host_mib));
  CheckResident("memory.resident_blocks", memory.resident_blocks, 0, limits_.max_resident_blocks);
  CheckResident("memory.resident_states", memory.resident_states, 1, limits_.max_resident_states);
}

EncodingSettings Validator::Encoding(const EncodingRequest& encoding) {
  if (encoding.faststart && encoding.fragment_frames.has_value())
    Add("encoding.faststart",
        "given together with fragment_frames, but such a file has no fragments; send one of the two");
  return {.crf = InRange("encoding.crf", encoding.crf, kCrf),
          .preset = encoding.preset.value_or(EncodingSettings().preset),
          .fragment_frames = InRange("encoding.fragment_frames", encoding.fragment_frames, kFragmentFrames),
          .faststart = encoding.faststart};
}

void Validator::CheckPreview(const std::optional<PreviewSettings>& preview) {
  if (!preview.has_value())
    return;
  InRange<int>("preview.every_steps", preview->every_steps, {1, limits_.steps.max, PreviewSettings().every_steps});
  InRange<int>("preview.width", preview->width, kPreviewWidth);
}

// Checks the FP8 mode: weights in 8 bits have lost what another mode would need.
void Validator::CheckFp8(const Fp8Settings& wanted) {
  if (wanted.mode != Fp8Mode::kNone && wanted.arithmetic == Fp8Arithmetic::kScaled && wanted.type != Fp8Type::kE4m3fn) {
    Add("acceleration.fp8.type",
        "is e5m2; scaled arithmetic has e4m3fn only: leave the type out, or take widened "
        "arithmetic");
    return;
  }
  feature_not_built_ = limits_.fp8.mode != Fp8Mode::kNone && wanted != limits_.fp8;
  if (feature_not_built_) {
    Add("acceleration.fp8",
        "this server's weights lie in 8 bits already, in another mode, type or arithmetic; leave it out, or use what "
        "GetCapabilities names");
  }
}

void Validator::CheckTimeout(absl::Duration timeout) {
  if (timeout <= absl::ZeroDuration())
    Add("execution_timeout", "must be longer than zero; leave it out for no limit");
}

absl::Status Validator::Refusal() {
  const bool only_not_built = feature_not_built_ && violations_.size() == 1;
  const absl::Status status = InvalidFields(violations_.Take());
  ErrorInfo info = GetErrorInfo(status);
  if (only_not_built) {
    info.reason = std::string(reason::kFeatureNotBuilt);
    return WithErrorInfo(absl::UnimplementedError(status.message()), info);
  }
  return pictures_.found_too_large() ? WithErrorInfo(status, {.reason = std::string(reason::kImageTooLarge)}) : status;
}

// Reads the pictures. Their violations come before those of all other fields, as in the message.
absl::Status Validator::ReadPictures(const GenerationRequest& request, ValidatedRequest& valid) {
  const size_t of_other_fields = violations_.size();
  if (start_count_fits_)
    RUYI_RETURN_IF_ERROR(pictures_.Read(request.start_images, "start_images", valid.start_pictures));
  if (end_count_fits_)
    RUYI_RETURN_IF_ERROR(pictures_.Read(request.end_images, "end_images", valid.end_pictures));
  violations_.MoveForward(of_other_fields, unreadable_);
  return absl::OkStatus();
}

// Checks what is cheap to look at first, and the pictures last.
absl::StatusOr<ValidatedRequest> Validator::Run(const GenerationRequest& request) {
  ValidatedRequest valid;
  start_count_fits_ = CheckCount(request.start_images, "start_images", 1, limits_.max_start_images);
  end_count_fits_ = CheckCount(request.end_images, "end_images", 0, limits_.max_end_images);
  ReadSize(request);
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
  RUYI_ASSIGN_OR_RETURN(valid.lora_bytes, CheckLoras(valid.loras));
  CheckTeaCache(request);
  valid.tea_cache = request.tea_cache;
  CheckEnhance(request);
  valid.enhance = request.enhance;
  CheckEasyCache(request);
  CheckGuidanceGate(request);
  const QualityProfile profile = ProfileFor(request);
  valid.easy_cache = profile.easy_cache;
  valid.guidance_gate = profile.guidance_gate;
  valid.vae_tiling = request.vae_tiling;
  CheckMemory(request.memory);
  valid.memory = request.memory;
  valid.encoding = Encoding(request.encoding);
  CheckPreview(request.preview);
  valid.preview = request.preview;
  valid.seed = request.seed;
  CheckTimeout(request.execution_timeout);
  valid.execution_timeout = request.execution_timeout;
  RUYI_RETURN_IF_ERROR(ReadPictures(request, valid));
  if (!violations_.empty())
    return Refusal();
  valid.size = *pictures_.size();
  return valid;
}

}  // namespace

absl::StatusOr<ValidatedRequest> Validate(const GenerationRequest& request, const RequestLimits& limits,
                                          const ImageDecoder& decoder, const LoraCatalog& loras,
                                          const CancellationToken& token) {
  Violations violations(request.unreadable);
  return Validator({.limits = limits, .decoder = decoder, .token = token, .violations = violations}, loras)
      .Run(request);
}

}  // namespace ruyi
