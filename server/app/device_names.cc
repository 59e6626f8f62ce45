#include "server/app/device_names.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_split.h"

namespace ruyi {
namespace {

constexpr std::string_view kNumbered = "cuda:";
constexpr size_t kMostDigits = 2;

// Returns true for 0 to 99, without a leading zero.
bool IsNumber(std::string_view text) {
  const bool has_digits_only = !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
  return has_digits_only && text.size() <= kMostDigits && (text.size() == 1 || text.front() != '0');
}

}  // namespace

std::optional<std::vector<std::string>> ParseDevices(std::string_view text) {
  if (text == "cpu" || text == "cuda")
    return std::vector<std::string>{std::string(text)};
  if (!text.starts_with(kNumbered))
    return std::nullopt;
  std::vector<std::string> devices;
  const std::vector<std::string> numbers = absl::StrSplit(std::string(text.substr(kNumbered.size())), ',');
  for (const std::string& number : numbers) {
    std::string device = std::string(kNumbered) + number;
    if (!IsNumber(number) || std::find(devices.begin(), devices.end(), device) != devices.end())
      return std::nullopt;
    devices.push_back(std::move(device));
  }
  return devices;
}

}  // namespace ruyi
