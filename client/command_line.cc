#include "client/command_line.h"

#include <CLI/CLI.hpp>
#include <iostream>
#include <optional>

#include "absl/strings/str_format.h"
#include "client/choices.h"
#include "client/exit_code.h"
#include "client/flag_values.h"

namespace ruyi::client {
namespace {

constexpr double kMaxTimeoutSeconds = 366.0 * 24 * 3600;
constexpr int kNothingWrong = -1;

// The checks return what is wrong, or nothing, as CLI11 wants it.
std::string CheckSize(const std::string& text) {
  return ParseSize(text).has_value() ? "" : absl::StrFormat("%s is not WIDTHxHEIGHT, such as 768x512", text);
}

std::string CheckAddress(const std::string& text) {
  return IsAddress(text) ? "" : absl::StrFormat("%s is not HOST:PORT, such as 127.0.0.1:50051", text);
}

std::string CheckSkip(const std::string& text) {
  return ParseSkip(text).has_value() ? "" : absl::StrFormat("%s is not START,END, such as 3,1", text);
}

std::string CheckLora(const std::string& text) {
  return ParseLora(text).has_value() ? "" : absl::StrFormat("%s is not NAME or NAME=STRENGTH, such as film=0.8", text);
}

std::string CheckTimeout(const std::string& text) {
  double seconds = 0;
  const bool in_range = CLI::detail::lexical_cast(text, seconds) && seconds > 0 && seconds <= kMaxTimeoutSeconds;
  return in_range ? "" : absl::StrFormat("%s is not a number of seconds above 0, a year at most", text);
}

std::string CheckPng(const std::string& text) {
  return text.ends_with(".png") ? "" : absl::StrFormat("%s does not end in .png", text);
}

template <typename Int>
CLI::Option* AddInt(CLI::App* command, const std::string& flag, std::optional<Int>& value, const std::string& help) {
  const auto check = [](const std::string& text) {
    return ParseInt<Int>(text).has_value() ? "" : absl::StrFormat("%s is not a whole number in range", text);
  };
  const auto set = [&value](const std::string& text) { value = ParseInt<Int>(text); };
  return command->add_option_function<std::string>(flag, set, help)->type_name("N")->check(check);
}

// One picture per flag; the flag may come again.
void AddPictures(CLI::App* command, const std::string& flag, std::vector<std::string>& paths, const std::string& help) {
  command->add_option(flag, paths, help)->type_name("FILE")->allow_extra_args(false);
}

void AddShape(CLI::App* command, GenerateOptions& options) {
  AddInt(command, "--frames", options.frames, "Frames, 24 a second. Default: the server's");
  CLI::Option* resolution =
      AddInt(command, "--resolution", options.resolution,
             "The video gets about N x N pixels in the shape of the first picture. Default: the server's");
  command
      ->add_option_function<std::string>(
          "--size", [&options](const std::string& text) { options.size = ParseSize(text); },
          "Exactly this size, width first, in pixels: 768x512 is a wide picture. Not together with --resolution")
      ->type_name("WIDTHxHEIGHT")
      ->check(CheckSize)
      ->excludes(resolution);
}

void AddMotion(CLI::App* command, GenerateOptions& options) {
  command->add_option("--camera", options.camera, "Where the camera goes. Default: the server's (auto)")
      ->type_name("WORD")
      ->check(CLI::IsMember(CameraNames()));
  AddInt(command, "--motion", options.motion, "How much moves, 1 (least) to 4. Default: the model decides");
}

void AddSampling(CLI::App* command, GenerateOptions& options) {
  command->add_option("--sampler", options.sampler, "How noise becomes a video. Default: the server's (ddim)")
      ->type_name("WORD")
      ->check(CLI::IsMember(SamplerNames()));
  AddInt(command, "--steps", options.steps, "Denoising steps: more take longer. Default: the server's");
  command->add_option("--guidance", options.guidance,
                      "Classifier-free guidance: how closely to follow the pictures. Default: the server's");
  command->add_option("--guidance-rescale", options.guidance_rescale,
                      "Against pictures that guidance overexposes; 0: off. Default: the server's");
  command->add_option("--clip-apply-ratio", options.clip_apply_ratio,
                      "Share of the steps, the last ones, that see what CLIP says of the first picture. Default: "
                      "the server's");
  AddInt(command, "--seed", options.seed,
         "The same seed and settings give the same frames. Default: the server draws one and tells it");
}

CLI::Option* AddSkip(CLI::App* command, const std::string& flag, std::optional<SkippedEnds>& value,
                     const std::string& help) {
  const auto set = [&value](const std::string& text) { value = ParseSkip(text); };
  return command->add_option_function<std::string>(flag, set, help)->type_name("START,END")->check(CheckSkip);
}

void AddWeights(CLI::App* command, GenerateOptions& options) {
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
}

void AddTeaCache(CLI::App* command, TeaCacheOptions& options) {
  CLI::Option* threshold =
      command->add_option("--tea-cache", options.threshold,
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
      command->add_option("--enhance", options.weight,
                          "Make frames agree more with each other (Enhance-A-Video) by this weight. Default: off");
  AddSkip(command, "--enhance-skip", options.skip,
          "Steps at the start and at the end without --enhance. Default: the server's")
      ->needs(weight);
}

void AddMemory(CLI::App* command, GenerateOptions& options) {
  command->add_flag_function(
      "--vae-tiling,!--no-vae-tiling", [&options](int64_t count) { options.vae_tiling = count > 0; },
      "Encode and decode in tiles: less memory, slightly other video. Default: the model's");
}

void AddOutput(CLI::App* command, GenerateOptions& options) {
  command
      ->add_option("--timeout", options.timeout_s,
                   "Cancel when the video is not here after so many seconds, the queue included. Default: no limit")
      ->type_name("SECONDS")
      ->check(CheckTimeout);
  command->add_option("--out", options.out, "The MP4 file to write. An older one is replaced once the new one is whole")
      ->type_name("FILE")
      ->required();
  command->add_option("--sheet", options.sheet, "Also write a picture of up to 8 frames of the video")
      ->type_name("FILE.png")
      ->check(CheckPng);
  command->add_flag("--json", options.json,
                    "On stdout one JSON object for each event (ruyi.v1.VideoEvent, without the bytes of the file)");
}

void AddGenerate(CLI::App& app, GenerateOptions& options) {
  CLI::App* command = app.add_subcommand("generate", "Make a video from pictures and save it");
  AddPictures(command, "--image", options.images,
              "A picture that the video begins with: JPEG, PNG or WebP. Again for more, up to the server's limit (4)");
  AddPictures(command, "--end-image", options.end_images,
              "A picture that the video ends with. Again for more. Default: none");
  command->get_option("--image")->required();
  AddShape(command, options);
  AddMotion(command, options);
  AddSampling(command, options);
  AddWeights(command, options);
  AddTeaCache(command, options.tea_cache);
  AddEnhance(command, options.enhance);
  AddMemory(command, options);
  AddOutput(command, options);
}

void AddCapabilities(CLI::App& app, CommandLine& line) {
  app.add_subcommand("capabilities", "Show what the server takes: limits, defaults, samplers, LoRAs")
      ->add_flag("--json", line.capabilities_json, "One JSON object (ruyi.v1.Capabilities) on stdout");
}

void Describe(CLI::App& app, CommandLine& line) {
  app.set_version_flag("--version", "ruyi-client " RUYI_CLIENT_VERSION);
  app.footer(
      "--server HOST:PORT may also stand after the command.\n"
      "Ranges and defaults are the server's: see `ruyi-client capabilities`.\n\n" +
      ExitCodeHelp());
  app.failure_message([](const CLI::App*, const CLI::Error& error) {
    return absl::StrFormat("error: %s\n  see ruyi-client --help, ruyi-client generate --help\n",
                           std::string(error.what()));
  });
  app.require_subcommand(1);
  app.fallthrough();
  app.add_option("--server", line.server, "Where ruyi-server listens")
      ->type_name("HOST:PORT")
      ->envname("RUYI_SERVER")
      ->check(CheckAddress)
      ->capture_default_str();
  AddGenerate(app, line.generate);
  AddCapabilities(app, line);
}

// kNothingWrong, or what CLI11 would exit with.
int Parse(CLI::App& app, int argc, const char* const* argv) {
  CLI11_PARSE(app, argc, argv);
  return kNothingWrong;
}

bool OverwritesItself(const GenerateOptions& options) {
  return !options.sheet.empty() && options.sheet == options.out;
}

}  // namespace

ParsedCommandLine ParseCommandLine(int argc, const char* const* argv) {
  ParsedCommandLine parsed;
  CLI::App app("Makes videos from pictures with a ruyi-server.", "ruyi-client");
  Describe(app, parsed.command_line);
  const int result = Parse(app, argc, argv);
  parsed.finished = result != kNothingWrong;
  parsed.exit_code = result > 0 ? static_cast<int>(ExitCode::kUsage) : 0;
  if (app.got_subcommand("capabilities"))
    parsed.command_line.command = CommandLine::Command::kCapabilities;
  if (!parsed.finished && OverwritesItself(parsed.command_line.generate)) {
    std::cerr << "error: --out and --sheet name the same file\n";
    parsed.finished = true;
    parsed.exit_code = static_cast<int>(ExitCode::kUsage);
  }
  return parsed;
}

}  // namespace ruyi::client
