#include "client/request_flags.h"

#include <CLI/CLI.hpp>
#include <optional>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_format.h"
#include "client/choices.h"
#include "client/flag_values.h"

namespace ruyi::client {
namespace {

// The checks return what is wrong, or nothing, as CLI11 wants it.
std::string CheckSize(const std::string& text) {
  return ParseSize(text).has_value() ? "" : absl::StrFormat("%s is not WIDTHxHEIGHT, such as 768x512", text);
}

std::string CheckMib(const std::string& text) {
  return ParseMib(text).has_value() ? ""
                                    : absl::StrFormat("%s is no size of memory, such as 12288, 12288MiB or 12GB", text);
}

std::string CheckSkip(const std::string& text) {
  return ParseSkip(text).has_value() ? "" : absl::StrFormat("%s is not START,END, such as 3,1", text);
}

std::string CheckLora(const std::string& text) {
  return ParseLora(text).has_value() ? "" : absl::StrFormat("%s is not NAME or NAME=STRENGTH, such as film=0.8", text);
}

std::string CheckNumber(const std::string& text) {
  double number = 0;
  return absl::SimpleAtod(text, &number) ? "" : absl::StrFormat("%s is not a number", text);
}

// One picture per flag; the flag may come again.
void AddPictures(CLI::App* command, const std::string& flag, std::vector<std::string>& paths, const std::string& help) {
  command->add_option(flag, paths, help)->type_name("FILE")->check(CheckFileName)->allow_extra_args(false);
}

void AddShape(CLI::App* command, RequestOptions& options) {
  AddIntFlag(command, "--frames", options.frames, "Frames, 24 of which last a second. Default: the server's");
  CLI::Option* resolution =
      AddIntFlag(command, "--resolution", options.resolution,
                 "The video gets about N x N pixels in the shape of the first picture. Default: the server's");
  command
      ->add_option_function<std::string>(
          "--size", [&options](const std::string& text) { options.size = ParseSize(text); },
          "Exactly this size, width first, in pixels: 768x512 is a wide picture. Not together with --resolution")
      ->type_name("WIDTHxHEIGHT")
      ->check(CheckSize)
      ->excludes(resolution);
}

void AddMotion(CLI::App* command, RequestOptions& options) {
  command->add_option("--camera", options.camera, "Where the camera goes. Default: the server's (auto)")
      ->type_name("WORD")
      ->check(CLI::IsMember(CameraNames()));
  AddIntFlag(command, "--motion", options.motion, "How much moves, 1 (least) to 4. Default: the model decides");
}

// Adds a flag whose value is a number; the server checks the range.
CLI::Option* AddNumberFlag(CLI::App* command, const std::string& flag, std::optional<double>& value,
                           const std::string& help) {
  return command->add_option(flag, value, help)->type_name("NUMBER")->check(CheckNumber);
}

void AddSampling(CLI::App* command, RequestOptions& options) {
  command->add_option("--sampler", options.sampler, "How noise becomes a video. Default: the server's (ddim)")
      ->type_name("WORD")
      ->check(CLI::IsMember(SamplerNames()));
  AddIntFlag(command, "--steps", options.steps, "Denoising steps: more take longer. Default: the server's");
  AddNumberFlag(command, "--guidance", options.guidance,
                "Classifier-free guidance: how closely to follow the pictures. Default: the server's");
  AddNumberFlag(command, "--guidance-rescale", options.guidance_rescale,
                "Against pictures that guidance overexposes, 0 (off) to 1. Default: the server's");
  AddNumberFlag(command, "--clip-apply-ratio", options.clip_apply_ratio,
                "Share of the steps, 0 to 1, the last ones, that see what CLIP says of the first picture. Default: "
                "the server's");
  AddIntFlag(command, "--seed", options.seed,
             "The same seed and settings give the same frames. Default: the server draws one and tells it");
}

CLI::Option* AddSkip(CLI::App* command, const std::string& flag, std::optional<SkippedEnds>& value,
                     const std::string& help) {
  const auto set = [&value](const std::string& text) { value = ParseSkip(text); };
  return command->add_option_function<std::string>(flag, set, help)->type_name("START,END")->check(CheckSkip);
}

void AddWeights(CLI::App* command, RequestOptions& options) {
  const auto add_lora = [&options](const std::vector<std::string>& texts) {
    for (const std::string& text : texts)
      options.loras.push_back(*ParseLora(text));
  };
  command
      ->add_option_function<std::vector<std::string>>("--lora", add_lora,
                                                      "A LoRA of the server and how strong it is. Again for more")
      ->type_name("NAME[=STRENGTH]")
      ->check(CheckLora)
      ->allow_extra_args(false);
  CLI::Option* mode =
      command
          ->add_option("--fp8", options.fp8,
                       "Put weights of the transformer into 8 bits: less memory, slightly other video. Default: as the "
                       "server's are")
          ->type_name("WORD")
          ->check(CLI::IsMember(Fp8ModeNames()));
  command->add_option("--fp8-type", options.fp8_type, "Kind of 8 bits. Default: the server's (e4m3fn)")
      ->type_name("WORD")
      ->check(CLI::IsMember(Fp8TypeNames()))
      ->needs(mode);
  command
      ->add_option(
          "--fp8-arithmetic", options.fp8_arithmetic,
          "Products with weights in 8 bits: widened, less memory; scaled, less time too, with e4m3fn on a GPU. "
          "Default: widened")
      ->type_name("WORD")
      ->check(CLI::IsMember(Fp8ArithmeticNames()))
      ->needs(mode);
}

void AddTeaCache(CLI::App* command, TeaCacheOptions& options) {
  CLI::Option* threshold =
      AddNumberFlag(command, "--tea-cache", options.threshold,
                    "Leave out steps until so much change has added up: faster, slightly other video. "
                    "Default: off");
  AddSkip(command, "--tea-cache-skip", options.skip,
          "Steps at the start and at the end that --tea-cache never leaves out. Default: the server's")
      ->needs(threshold);
  command->add_flag("--tea-cache-offload", options.offload, "Keep what --tea-cache keeps in the host's memory")
      ->needs(threshold);
}

void AddEnhance(CLI::App* command, EnhanceOptions& options) {
  CLI::Option* weight =
      AddNumberFlag(command, "--enhance", options.weight,
                    "Make frames agree more with each other (Enhance-A-Video) by this weight. Default: off");
  AddSkip(command, "--enhance-skip", options.skip,
          "Steps at the start and at the end without --enhance. Default: the server's")
      ->needs(weight);
}

void AddQuality(CLI::App* command, RequestOptions& options) {
  command
      ->add_option("--quality", options.quality,
                   "What the video may lose to be made faster; `capabilities` says what each word stands for. Default: "
                   "the server's (lossless)")
      ->type_name("WORD")
      ->check(CLI::IsMember(QualityNames()));
  CLI::Option* threshold =
      AddNumberFlag(command, "--easy-cache", options.easy_cache.threshold,
                    "Leave out steps until so much change is expected: faster, slightly other video. Not together "
                    "with --tea-cache. Default: as --quality says");
  AddSkip(command, "--easy-cache-skip", options.easy_cache.skip,
          "Steps at the start and at the end that --easy-cache never leaves out. Default: the server's")
      ->needs(threshold);
  AddNumberFlag(command, "--guidance-gate", options.guidance_gate,
                "Share of the steps, 0 to 1, the first ones, that compute both branches of guidance: faster, slightly "
                "other video. Default: as --quality says");
}

void AddMemory(CLI::App* command, MemoryOptions& options) {
  command->add_flag_function(
      "--vae-tiling,!--no-vae-tiling", [&options](int64_t count) { options.vae_tiling = count > 0; },
      "Encode and decode in tiles: less memory, slightly other video. Default: the model's");
  command
      ->add_option("--memory", options.policy,
                   "Memory mode: the fastest that fits (auto), the fastest or none, or the smallest. Default: the "
                   "server's (auto)")
      ->type_name("WORD")
      ->check(CLI::IsMember(MemoryPolicyNames()));
  AddMibFlag(command, "--max-vram", options.max_vram_mib,
             "Take no more of the device's memory than this: MiB, or with a unit, such as 12GB. Default: all that the "
             "server has for a video");
  AddMibFlag(command, "--max-host", options.max_host_mib,
             "Let no more of the host's memory than this, in MiB or with a unit, hold what waits for the device. "
             "Default: all that there is");
  AddIntFlag(command, "--resident-blocks", options.resident_blocks,
             "Blocks of the transformer that stay in the device's memory; 0: none (low_gpu_mode). Default: the server "
             "chooses");
  AddIntFlag(command, "--resident-states", options.resident_states,
             "States that wait in the device's memory, such as 10, 7, 5 or 1. Default: the server chooses");
}

void AddPictureFlags(CLI::App* command, RequestOptions& options) {
  AddPictures(command, "--image", options.images,
              "A picture that the video begins with: JPEG, PNG or WebP, or the name that `upload` prints. Again for "
              "more, up to the "
              "server's limit (4)");
  AddPictures(command, "--end-image", options.end_images,
              "A picture that the video ends with. Again for more. Default: none");
}

}  // namespace

std::string CheckFileName(const std::string& text) {
  return text.empty() ? "the name is empty; name a file" : "";
}

void AddMibFlag(CLI::App* command, const std::string& flag, std::optional<int32_t>& value, const std::string& help) {
  const auto set = [&value](const std::string& text) { value = ParseMib(text); };
  command->add_option_function<std::string>(flag, set, help)->type_name("MIB")->check(CheckMib);
}

void AddRequestFlags(CLI::App* command, RequestOptions& options) {
  AddPictureFlags(command, options);
  AddShape(command, options);
  AddMotion(command, options);
  AddSampling(command, options);
  AddWeights(command, options);
  AddTeaCache(command, options.tea_cache);
  AddEnhance(command, options.enhance);
  AddQuality(command, options);
  AddMemory(command, options.memory);
}

}  // namespace ruyi::client
