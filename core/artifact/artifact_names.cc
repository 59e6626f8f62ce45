#include "core/artifact/artifact_names.h"

#include <algorithm>

#include "absl/strings/ascii.h"

namespace ruyi {
namespace {

constexpr size_t kMostCharacters = 64;
constexpr size_t kSha256HexDigits = 64;

bool IsIdCharacter(char character) {
  return absl::ascii_isalnum(static_cast<unsigned char>(character)) || character == '_' || character == '-';
}

bool IsHexDigit(char digit) {
  return (digit >= '0' && digit <= '9') || (digit >= 'a' && digit <= 'f');
}

}  // namespace

bool IsJobId(std::string_view text) {
  return !text.empty() && text.size() <= kMostCharacters && std::all_of(text.begin(), text.end(), IsIdCharacter);
}

bool IsSha256(std::string_view text) {
  return text.size() == kSha256HexDigits && std::all_of(text.begin(), text.end(), IsHexDigit);
}

}  // namespace ruyi
