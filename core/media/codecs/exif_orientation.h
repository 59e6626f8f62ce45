// Reads the orientation in EXIF data, which says how to turn a stored picture upright. Before it: the codecs, which
// find the data in a file. After it: OpencvImageDecoder, which turns the picture. Functions without state; thread-safe.
// Sources: EXIF 2.3, TIFF 6.0.
#pragma once

#include <string>
#include <string_view>

namespace ruyi {

inline constexpr int kUprightOrientation = 1;

// Reads the orientation, which may be stored as BYTE, SHORT or LONG in either byte order. `exif` is a TIFF block from
// its byte-order mark on, with or without "Exif\0\0" in front. Returns 1 to 8; 1 when there is no such tag or the block
// is damaged.
int ReadExifOrientation(std::string_view exif);

// Decodes the text of a PNG chunk "Raw profile type exif", as ImageMagick writes it: a name, a size in decimal and the
// bytes in hexadecimal, with line ends between and among them. Returns the bytes, which ReadExifOrientation reads; ""
// when the text is not of that kind.
std::string DecodeRawProfile(std::string_view text);

}  // namespace ruyi
