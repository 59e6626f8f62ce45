#include "client/job_flags.h"

#include <CLI/CLI.hpp>
#include <vector>

#include "absl/strings/str_format.h"
#include "client/choices.h"
#include "client/flag_values.h"
#include "client/request_flags.h"

namespace ruyi::client {
namespace {

constexpr double kMaxRetrySeconds = 366.0 * 24 * 3600;

// The checks return what is wrong, or nothing, as CLI11 wants it.
std::string CheckLabel(const std::string& text) {
  return ParseLabel(text).has_value() ? "" : absl::StrFormat("%s is not KEY=VALUE, such as film=7", text);
}

std::string CheckRequestId(const std::string& text) {
  if (IsRequestId(text))
    return "";
  return absl::StrFormat("it must have 1 to %d printable ASCII characters; a UUID is a good choice",
                         kMaxRequestIdCharacters);
}

std::string CheckName(const std::string& text) {
  return ParseVideoName(text).has_value() ? "" : absl::StrFormat("%s is neither videos/ID nor an id", text);
}

std::string CheckRetry(const std::string& text) {
  double seconds = 0;
  const bool in_range = CLI::detail::lexical_cast(text, seconds) && seconds >= 0 && seconds <= kMaxRetrySeconds;
  return in_range ? "" : absl::StrFormat("%s is not a number of seconds, 0 to a year", text);
}

void AddEncoding(CLI::App* command, EncodingOptions& options) {
  AddIntFlag(command, "--crf", options.crf,
             "Quality of the file: constant rate factor, 0 (lossless) to 51 (worst). Default: the server's (18)");
  command
      ->add_option("--encoder-preset", options.preset,
                   "How much work x264 puts into a smaller file. Default: the server's (medium)")
      ->type_name("WORD")
      ->check(CLI::IsMember(EncoderPresetNames()));
  CLI::Option* fragment = AddIntFlag(command, "--fragment-frames", options.fragment_frames,
                                     "Frames of each part of the file that plays by itself. Default: the server's (8)");
  command
      ->add_flag("--faststart", options.faststart,
                 "One plain MP4 with its index in front, whose bytes come when all of it is finished")
      ->excludes(fragment);
}

void AddPreview(CLI::App* command, JobOptions& options) {
  const auto set = [&options](const std::string& text) { options.preview_every_steps = ParseInt<int32_t>(text); };
  command
      ->add_option_function<std::string>(
          "--preview", set,
          "Small pictures of the video on its way, every EVERY steps, as preview events of --json. Default: none; "
          "without a number as often as the server likes (5)")
      ->type_name("[EVERY]")
      ->expected(0, 1)
      ->default_str("0")
      ->check(CheckInt<int32_t>);
}

}  // namespace

void AddLabelFlag(CLI::App* command, std::map<std::string, std::string>& labels, const std::string& help) {
  const auto add = [&labels](const std::vector<std::string>& texts) {
    for (const std::string& text : texts)
      labels.insert(*ParseLabel(text));
  };
  command->add_option_function<std::vector<std::string>>("--label", add, help)
      ->type_name("KEY=VALUE")
      ->check(CheckLabel)
      ->allow_extra_args(false);
}

void AddRetryFlag(CLI::App* command, double& seconds) {
  command
      ->add_option("--retry-for", seconds,
                   "When the server is away or the connection breaks, try again until nothing has come for so many "
                   "seconds; 0: never try again")
      ->type_name("SECONDS")
      ->check(CheckRetry)
      ->capture_default_str();
}

CLI::Option* AddNameArgument(CLI::App* command, std::string& name) {
  const auto set = [&name](const std::string& text) { name = *ParseVideoName(text); };
  return command->add_option_function<std::string>("NAME", set, "The video: videos/ID, or the id alone")
      ->type_name("")
      ->check(CheckName);
}

void AddJobFlags(CLI::App* command, JobOptions& options) {
  command
      ->add_option(
          "--request-id", options.request_id,
          absl::StrFormat("Your own id of this request: asking twice with the same one makes one video. Up to %d "
                          "printable ASCII characters; a UUID is a good choice. Default: drawn",
                          kMaxRequestIdCharacters))
      ->type_name("ID")
      ->check(CheckRequestId);
  AddLabelFlag(command, options.labels, "A label of the video, for `list`. Again for more");
  command->add_option("--priority", options.priority, "Which videos go first. Default: the server's (normal)")
      ->type_name("WORD")
      ->check(CLI::IsMember(PriorityNames()));
  AddPreview(command, options);
  AddEncoding(command, options.encoding);
  command->add_flag("--reuse", options.reuse,
                    "Take the stored film of an equal request, with the same --seed, where there is one");
}

}  // namespace ruyi::client
