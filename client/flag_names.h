// The user's words for the fields of a GenerateVideoRequest. Before it: the field violations of a refused request.
// After it: the error's text. Immutable; thread-safe.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace ruyi::client {

class FlagNames {
 public:
  // The pictures as given with --image and --end-image.
  FlagNames(std::vector<std::string> images, std::vector<std::string> end_images);

  // "frame_count" → "--frames", "start_images[1]" → "--image number 2 (b.png)". A field without a flag is returned as
  // it is.
  std::string Of(std::string_view field) const;

 private:
  std::vector<std::string> images_;
  std::vector<std::string> end_images_;
};

}  // namespace ruyi::client
