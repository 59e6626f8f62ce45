// Translates the fields of a request into the user's flags. Before it: the field violations of a refused request. After
// it: the error's text. Immutable; thread-safe.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "client/request_options.h"

namespace ruyi::client {

class FlagNames {
 public:
  // Knows flags only, when no pictures and LoRAs were given.
  FlagNames() = default;

  // Takes the pictures and LoRAs that were given.
  explicit FlagNames(const RequestOptions& options);

  // Returns the flag of a field: "frame_count" → "--frames", "start_images[1]" → "--image number 2 (b.png)",
  // "acceleration.loras[0].name" → "--lora number 1 (film)". A field without a flag is returned as it is.
  std::string Of(std::string_view field) const;

 private:
  std::map<std::string_view, std::vector<std::string>> given_;  // by flag, in order
};

}  // namespace ruyi::client
