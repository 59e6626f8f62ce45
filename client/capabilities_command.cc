#include "client/capabilities_command.h"

#include <iostream>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "client/acceleration_text.h"
#include "client/choices.h"
#include "client/json_events.h"
#include "client/video_client.h"

namespace ruyi::client {
namespace {

template <typename Range>
std::string RangeText(const Range& range) {
  return absl::StrCat(range.min(), " to ", range.max(), ", default ", range.default_());
}

std::string SizeText(const v1::Limits& limits) {
  if (limits.sizes().empty()) {
    return absl::StrFormat("sides of %d to %d pixels, multiples of %d", limits.min_side(), limits.max_side(),
                           limits.size_multiple());
  }
  return absl::StrJoin(limits.sizes(), ", ", [](std::string* out, const v1::Size& size) {
    absl::StrAppendFormat(out, "%dx%d", size.width(), size.height());
  });
}

std::string SamplersText(const v1::Capabilities& capabilities) {
  std::vector<std::string> names;
  for (int sampler : capabilities.samplers()) {
    names.push_back(NameOfSampler(static_cast<v1::Sampler>(sampler)));
  }
  return absl::StrJoin(names, ", ");
}

std::string PicturesText(const v1::Limits& limits) {
  return absl::StrFormat("--image 1 to %d, --end-image up to %d; each of at most %d bytes and %d pixels",
                         limits.max_start_images(), limits.max_end_images(), limits.max_image_bytes(),
                         limits.max_image_pixels());
}

// Describes the range of an option that is off unless its flag is given.
std::string OptionText(const v1::DoubleRange& range) {
  return absl::StrCat(range.min(), " to ", range.max(), ", such as ", range.default_(), "; off when left out");
}

std::string LorasText(const v1::Capabilities& capabilities) {
  const v1::Limits& limits = capabilities.limits();
  if (capabilities.loras().empty() || limits.max_loras() == 0)
    return "none";
  return absl::StrCat(absl::StrJoin(capabilities.loras(), ", "), "; up to ", limits.max_loras(), ", strength ",
                      RangeText(limits.lora_strength()));
}

std::string Fp8ModesText(const v1::Capabilities& capabilities) {
  std::vector<std::string> names;
  for (int mode : capabilities.fp8_modes())
    names.push_back(NameOfFp8Mode(static_cast<v1::Fp8Mode>(mode)));
  return absl::StrCat(absl::StrJoin(names, ", "), "; default ", NameOfFp8Mode(capabilities.fp8().mode()));
}

// Weights in 8 bits have one type; others take any.
std::string Fp8TypesText(const v1::Fp8& loaded) {
  return loaded.mode() == v1::FP8_MODE_NONE ? absl::StrJoin(Fp8TypeNames(), ", ") : NameOfFp8Type(loaded.type());
}

// Likewise their arithmetic.
std::string Fp8ArithmeticsText(const v1::Fp8& loaded) {
  return loaded.mode() == v1::FP8_MODE_NONE ? absl::StrJoin(Fp8ArithmeticNames(), ", ")
                                            : NameOfFp8Arithmetic(loaded.arithmetic());
}

// Describes a profile in flags.
std::string ProfileText(const v1::QualityProfile& profile) {
  const std::string flags = AccelerationText(profile.acceleration());
  return absl::StrCat(NameOfQuality(profile.quality()), ": ", flags.empty() ? "nothing is approximated" : flags);
}

std::string ProfilesText(const v1::Capabilities& capabilities) {
  return absl::StrJoin(capabilities.profiles(), "; ",
                       [](std::string* out, const v1::QualityProfile& profile) { out->append(ProfileText(profile)); });
}

}  // namespace

std::string CapabilitiesText(const v1::Capabilities& capabilities) {
  const v1::Limits& limits = capabilities.limits();
  std::string text;
  const auto add = [&text](std::string_view name, const std::string& value) {
    absl::StrAppendFormat(&text, "%-20s%s\n", name, value);
  };
  add("model", capabilities.model());
  add("version", capabilities.version());
  add("pictures", PicturesText(limits));
  add("--frames", absl::StrFormat("%s, multiples of %d; %d a second", RangeText(limits.frame_count()),
                                  limits.frame_multiple(), capabilities.frames_per_second()));
  add("--resolution", RangeText(limits.base_resolution()));
  add("--size", SizeText(limits));
  add("--sampler", SamplersText(capabilities));
  add("--steps", RangeText(limits.steps()));
  add("--guidance", RangeText(limits.guidance_scale()));
  add("--guidance-rescale", RangeText(limits.guidance_rescale()));
  add("--clip-apply-ratio", RangeText(limits.clip_apply_ratio()));
  add("--lora", LorasText(capabilities));
  add("--fp8", Fp8ModesText(capabilities));
  add("--fp8-type", Fp8TypesText(capabilities.fp8()));
  add("--fp8-arithmetic", Fp8ArithmeticsText(capabilities.fp8()));
  add("--tea-cache", OptionText(limits.tea_cache_threshold()));
  add("--enhance", OptionText(limits.enhance_weight()));
  add("--easy-cache", OptionText(limits.easy_cache_threshold()));
  add("--guidance-gate", absl::StrCat("within ", OptionText(limits.guidance_gate_start_ratio())));
  add("--quality", ProfilesText(capabilities));
  add("queue", absl::StrFormat("%d may wait", capabilities.queue_capacity()));
  return text;
}

ExitCode RunCapabilities(bool json, const CommandContext& context) {
  v1::Capabilities capabilities;
  const grpc::Status status =
      VideoClient(context.server, context.channel)
          .GetCapabilities({.cancel_source = context.interrupt->cancel_source()}, &capabilities);
  if (status.ok()) {
    std::cout << (json ? MessageJson(capabilities) + "\n" : CapabilitiesText(capabilities)) << std::flush;
    return ExitCode::kDone;
  }
  return FailCall(context, status);
}

}  // namespace ruyi::client
