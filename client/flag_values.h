// What the user types after a flag → values. Before it: the command line. After it: RequestOptions. Pure; thread-safe.
#pragma once

#include <charconv>
#include <optional>
#include <string_view>

#include "client/request_options.h"

namespace ruyi::client {

// Decimal and whole only, nothing for all else; CLI11 would take 010 for 8 and -1 for the largest unsigned number.
template <typename Int>
std::optional<Int> ParseInt(std::string_view text) {
  Int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size())
    return std::nullopt;
  return value;
}

// "768x512".
std::optional<FrameSize> ParseSize(std::string_view text);

// "3,1".
std::optional<SkippedEnds> ParseSkip(std::string_view text);

// "film" or "film=0.5"; what follows the last '=' is the strength.
std::optional<GivenLora> ParseLora(std::string_view text);

// MiB of "12288", "12288MiB", "12GiB", "11.5 GB", in any case; GB are GiB here, as memory is sold. Rounded down.
std::optional<int32_t> ParseMib(std::string_view text);

// Whether it is HOST:PORT.
bool IsAddress(std::string_view text);

}  // namespace ruyi::client
