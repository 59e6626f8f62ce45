#include "core/s3/uri_encode.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace ruyi {
namespace {

constexpr std::string_view kUnreserved = "-._~";

std::string Encode(std::string_view text, std::string_view kept) {
  std::string encoded;
  encoded.reserve(text.size());
  for (const char letter : text) {
    const auto byte = static_cast<unsigned char>(letter);
    if (absl::ascii_isalnum(byte) || kept.find(letter) != std::string_view::npos)
      encoded += letter;
    else
      absl::StrAppendFormat(&encoded, "%%%02X", byte);
  }
  return encoded;
}

}  // namespace

std::string UriEncode(std::string_view text) {
  return Encode(text, kUnreserved);
}

std::string UriEncodePath(std::string_view path) {
  return Encode(path, "-._~/");
}

std::string UriEncodeQuery(const std::map<std::string, std::string>& query) {
  std::string encoded;
  for (const auto& [name, value] : query)
    absl::StrAppend(&encoded, encoded.empty() ? "" : "&", UriEncode(name), "=", UriEncode(value));
  return encoded;
}

}  // namespace ruyi
