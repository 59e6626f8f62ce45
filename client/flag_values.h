// Parses what the user types after a flag. Every Parse function returns nullopt for text of another form. Before it:
// the command line. After it: RequestOptions. Pure; thread-safe.
#pragma once

#include <charconv>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "client/request_options.h"

namespace ruyi::client {

// Parses a whole decimal number; CLI11 would take 010 for 8 and -1 for the largest unsigned number.
template <typename Int>
std::optional<Int> ParseInt(std::string_view text) {
  Int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size())
    return std::nullopt;
  return value;
}

// Parses "768x512".
std::optional<FrameSize> ParseSize(std::string_view text);

// Parses "3,1".
std::optional<SkippedEnds> ParseSkip(std::string_view text);

// Parses "film" or "film=0.5"; what follows the last '=' is the strength.
std::optional<GivenLora> ParseLora(std::string_view text);

// Returns the MiB of "12288", "12288MiB", "12GiB" or "11.5 GB", in upper or lower case, rounded down; GB means GiB
// here, as memory is sold.
std::optional<int32_t> ParseMib(std::string_view text);

// Parses "film=7": what precedes the first '=' is the key, which must not be empty.
std::optional<std::pair<std::string, std::string>> ParseLabel(std::string_view text);

// Returns "videos/abc" for "videos/abc" and for "abc".
std::optional<std::string> ParseVideoName(std::string_view text);

// Returns true when `text` is the name of an upload, "images/" and a SHA-256 in hex, and not the path of a picture.
bool IsImageName(std::string_view text);

// Returns true when `text` is an id that a request may have: printable ASCII characters, at least one and no more than
// a server takes.
inline constexpr size_t kMaxRequestIdCharacters = 64;
bool IsRequestId(std::string_view text);

// Returns true when `text` is HOST:PORT.
bool IsAddress(std::string_view text);

}  // namespace ruyi::client
