// The orientation tag of an EXIF block. Before it: the image headers. A function without state; thread-safe.
// Source: EXIF 2.3, TIFF 6.0.
#pragma once

#include <string_view>

namespace ruyi {

// `tiff` is the block from its byte-order mark on. 1 to 8; 1 when there is no such tag or the block is damaged.
int ReadExifOrientation(std::string_view tiff);

}  // namespace ruyi
