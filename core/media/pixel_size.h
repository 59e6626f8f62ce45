// The width and height of a picture or a video. Before it: a request, a decoded picture. After it: everything that has
// to do with pixels. A value.
#pragma once

namespace ruyi {

struct PixelSize {
  int width = 0;
  int height = 0;
  friend bool operator==(const PixelSize&, const PixelSize&) = default;
};

}  // namespace ruyi
