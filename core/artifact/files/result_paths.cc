#include "core/artifact/files/result_paths.h"

#include <algorithm>

#include "absl/strings/ascii.h"

namespace ruyi {
namespace {

constexpr size_t kMostCharacters = 64;

bool IsIdCharacter(char character) {
  return absl::ascii_isalnum(static_cast<unsigned char>(character)) || character == '_' || character == '-';
}

}  // namespace

bool IsJobId(std::string_view text) {
  return !text.empty() && text.size() <= kMostCharacters && std::all_of(text.begin(), text.end(), IsIdCharacter);
}

}  // namespace ruyi
