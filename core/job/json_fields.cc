#include "core/job/json_fields.h"

#include "absl/strings/str_format.h"

namespace ruyi {

std::string JsonReader::Place::Path() const {
  if (outer == nullptr)
    return "";
  const std::string path = outer->Path();
  if (key.empty())
    return absl::StrFormat("%s[%d]", path, index);
  return path.empty() ? std::string(key) : absl::StrFormat("%s.%s", path, key);
}

bool JsonReader::HasKey(const char* key) const {
  return object_.is_object() && object_.contains(key);
}

const nlohmann::json* JsonReader::Find(const char* key) const {
  if (!HasKey(key))
    Fail(At(key), "is missing");
  return place_.error.ok() ? &object_[key] : nullptr;
}

void JsonReader::Fail(const Place& place, std::string_view what) {
  if (!place.error.ok())
    return;
  const std::string path = place.Path();
  place.error =
      absl::DataLossError(path.empty() ? absl::StrFormat("the text %s", what) : absl::StrFormat("'%s' %s", path, what));
}

void JsonReader::Check(bool is_right, const Place& place) {
  if (!is_right)
    Fail(place, "is not of its type, or not one of its words");
}

}  // namespace ruyi
