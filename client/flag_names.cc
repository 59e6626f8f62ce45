#include "client/flag_names.h"

#include <charconv>
#include <utility>

#include "absl/strings/str_format.h"

namespace ruyi::client {
namespace {

struct FieldFlag {
  std::string_view field;
  std::string_view flag;
};

constexpr FieldFlag kFlags[] = {
    {"start_images", "--image"},
    {"end_images", "--end-image"},
    {"resolution", "--resolution or --size"},
    {"base_resolution", "--resolution"},
    {"size", "--size"},
    {"frame_count", "--frames"},
    {"camera", "--camera"},
    {"motion", "--motion"},
    {"sampler", "--sampler"},
    {"steps", "--steps"},
    {"guidance_scale", "--guidance"},
    {"seed", "--seed"},
};

std::string_view FlagOf(std::string_view field) {
  for (const FieldFlag& entry : kFlags) {
    if (entry.field == field)
      return entry.flag;
  }
  return "";
}

// " number 2 (b.png)" for "[1]" or "[1].data"; empty when there is no such picture.
std::string PictureText(std::string_view index, const std::vector<std::string>& paths) {
  size_t position = 0;
  if (!index.starts_with('[') ||
      std::from_chars(index.data() + 1, index.data() + index.size(), position).ec != std::errc())
    return "";
  return position < paths.size() ? absl::StrFormat(" number %d (%s)", position + 1, paths[position]) : "";
}

}  // namespace

FlagNames::FlagNames(std::vector<std::string> images, std::vector<std::string> end_images)
    : images_(std::move(images)), end_images_(std::move(end_images)) {}

std::string FlagNames::Of(std::string_view field) const {
  const size_t name_end = std::min(field.find_first_of("[."), field.size());
  const std::string_view name = field.substr(0, name_end);
  const std::string_view flag = FlagOf(name);
  if (flag.empty())
    return std::string(field);
  const std::string_view index = field.substr(name_end);
  return std::string(flag) + PictureText(index, name == "end_images" ? end_images_ : images_);
}

}  // namespace ruyi::client
