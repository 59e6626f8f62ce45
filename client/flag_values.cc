#include "client/flag_values.h"

#include <algorithm>
#include <limits>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"

namespace ruyi::client {
namespace {

constexpr std::string_view kVideos = "videos/";
constexpr std::string_view kImages = "images/";
constexpr size_t kSha256Digits = 64;
constexpr int kMaxPort = 65535;
constexpr double kMibPerGib = 1024;

// Returns both numbers of "768x512", whose separator is 'x'.
std::optional<std::pair<int32_t, int32_t>> ParsePair(std::string_view text, char separator) {
  const size_t middle = text.find(separator);
  if (middle == std::string_view::npos)
    return std::nullopt;
  const std::optional<int32_t> first = ParseInt<int32_t>(text.substr(0, middle));
  const std::optional<int32_t> second = ParseInt<int32_t>(text.substr(middle + 1));
  if (!first.has_value() || !second.has_value())
    return std::nullopt;
  return std::pair(*first, *second);
}

std::optional<double> ParseDouble(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size())
    return std::nullopt;
  return value;
}

// Returns the MiB of a unit such as "MiB" or " GB"; nullopt for other units.
std::optional<double> MibOfUnit(std::string_view text) {
  std::string unit = absl::AsciiStrToLower(absl::StripAsciiWhitespace({text.data(), text.size()}));
  if (unit == "mib" || unit == "mb" || unit == "m")
    return 1;
  if (unit == "gib" || unit == "gb" || unit == "g")
    return kMibPerGib;
  return std::nullopt;
}

}  // namespace

std::optional<FrameSize> ParseSize(std::string_view text) {
  const auto size = ParsePair(text, 'x');
  if (!size.has_value())
    return std::nullopt;
  return FrameSize{.width = size->first, .height = size->second};
}

std::optional<SkippedEnds> ParseSkip(std::string_view text) {
  const auto skip = ParsePair(text, ',');
  if (!skip.has_value())
    return std::nullopt;
  return SkippedEnds{.start = skip->first, .end = skip->second};
}

std::optional<GivenLora> ParseLora(std::string_view text) {
  const size_t equals = text.rfind('=');
  GivenLora lora = {.name = std::string(text.substr(0, equals))};
  if (equals != std::string_view::npos) {
    lora.strength = ParseDouble(text.substr(equals + 1));
    if (!lora.strength.has_value())
      return std::nullopt;
  }
  if (lora.name.empty())
    return std::nullopt;
  return lora;
}

std::optional<int32_t> ParseMib(std::string_view text) {
  const size_t digits = text.find_first_not_of("0123456789.");
  const std::optional<double> number = ParseDouble(text.substr(0, digits));
  const std::optional<double> unit = digits == std::string_view::npos ? 1 : MibOfUnit(text.substr(digits));
  if (!number.has_value() || !unit.has_value() || *number * *unit > std::numeric_limits<int32_t>::max())
    return std::nullopt;
  return static_cast<int32_t>(*number * *unit);
}

std::optional<std::pair<std::string, std::string>> ParseLabel(std::string_view text) {
  const size_t equals = text.find('=');
  if (equals == 0 || equals == std::string_view::npos)
    return std::nullopt;
  return std::pair(std::string(text.substr(0, equals)), std::string(text.substr(equals + 1)));
}

std::optional<std::string> ParseVideoName(std::string_view text) {
  const std::string_view id = text.starts_with(kVideos) ? text.substr(kVideos.size()) : text;
  if (id.empty() || id.find('/') != std::string_view::npos)
    return std::nullopt;
  return std::string(kVideos) + std::string(id);
}

bool IsImageName(std::string_view text) {
  if (!text.starts_with(kImages))
    return false;
  const std::string_view sha256 = text.substr(kImages.size());
  return sha256.size() == kSha256Digits && sha256.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

bool IsRequestId(std::string_view text) {
  const auto is_printable = [](unsigned char c) { return absl::ascii_isprint(c); };
  return !text.empty() && text.size() <= kMaxRequestIdCharacters && std::all_of(text.begin(), text.end(), is_printable);
}

bool IsAddress(std::string_view text) {
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos || colon == 0 || text.find('/') != std::string_view::npos)
    return false;
  const std::optional<int32_t> port = ParseInt<int32_t>(text.substr(colon + 1));
  return port.has_value() && *port > 0 && *port <= kMaxPort;
}

}  // namespace ruyi::client
