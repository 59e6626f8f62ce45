#include "tests/core/media/png_writer.h"

#include <gtest/gtest.h>

#include <cstddef>

namespace ruyi {
namespace {

void Append(png_structp png, png_bytep bytes, size_t size) {
  static_cast<std::string*>(png_get_io_ptr(png))->append(reinterpret_cast<const char*>(bytes), size);
}

void Complain(png_structp, png_const_charp message) {
  ADD_FAILURE() << message;
}

// Returns one row, its samples packed from the most significant bit on.
std::vector<uint8_t> PackRow(const uint16_t* samples, size_t count, int bit_depth) {
  std::vector<uint8_t> row((count * bit_depth + 7) / 8);
  for (size_t bit = 0; bit < count * bit_depth; ++bit) {
    const int place = bit_depth - 1 - static_cast<int>(bit % bit_depth);
    row[bit / 8] |= (samples[bit / bit_depth] >> place & 1) << (7 - bit % 8);
  }
  return row;
}

void WriteHeader(png_structp png, png_infop info, const PngPicture& picture) {
  png_set_IHDR(png, info, picture.width, picture.height, picture.bit_depth, picture.colour_type,
               picture.is_interlaced ? PNG_INTERLACE_ADAM7 : PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_BASE,
               PNG_FILTER_TYPE_BASE);
  if (!picture.palette.empty())
    png_set_PLTE(png, info, picture.palette.data(), static_cast<int>(picture.palette.size()));
  if (picture.transparent.has_value() || !picture.palette_alpha.empty())
    png_set_tRNS(png, info, picture.palette_alpha.data(), static_cast<int>(picture.palette_alpha.size()),
                 picture.transparent.has_value() ? &*picture.transparent : nullptr);
  png_write_info(png, info);
}

}  // namespace

std::string WritePng(const PngPicture& picture) {
  std::string file;
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, Complain);
  png_infop info = png_create_info_struct(png);
  png_set_write_fn(png, &file, Append, nullptr);
  WriteHeader(png, info, picture);
  const size_t row_samples = picture.samples.size() / picture.height;
  const int passes = png_set_interlace_handling(png);
  for (int pass = 0; pass < passes; ++pass)
    for (size_t y = 0; y < picture.height; ++y)
      png_write_row(png, PackRow(picture.samples.data() + y * row_samples, row_samples, picture.bit_depth).data());
  png_write_end(png, info);
  png_destroy_write_struct(&png, &info);
  return file;
}

}  // namespace ruyi
