#include "tests/core/media/jpeg_writer.h"

// The order matters: jpeglib.h needs FILE.
// clang-format off
#include <cstdio>
#include <jpeglib.h>
// clang-format on

#include <cstdint>
#include <cstdlib>

namespace ruyi {
namespace {

constexpr jpeg_scan_info kSeparateScans[] = {
    {1, {0}, 0, DCTSIZE2 - 1, 0, 0}, {1, {1}, 0, DCTSIZE2 - 1, 0, 0}, {1, {2}, 0, DCTSIZE2 - 1, 0, 0}};

// libjpeg's writer; the library ends the program when something is wrong.
class Writer {
 public:
  Writer() {
    jpeg_.err = jpeg_std_error(&errors_);
    jpeg_create_compress(&jpeg_);
    jpeg_mem_dest(&jpeg_, &bytes_, &size_);
  }
  ~Writer() {
    jpeg_destroy_compress(&jpeg_);
    std::free(bytes_);
  }
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  jpeg_compress_struct& jpeg() { return jpeg_; }

  std::string Write(const uint8_t* pixels, size_t row_bytes) {
    jpeg_start_compress(&jpeg_, TRUE);
    while (jpeg_.next_scanline < jpeg_.image_height) {
      JSAMPROW row = const_cast<uint8_t*>(pixels) + jpeg_.next_scanline * row_bytes;
      jpeg_write_scanlines(&jpeg_, &row, 1);
    }
    jpeg_finish_compress(&jpeg_);
    return {reinterpret_cast<const char*>(bytes_), size_};
  }

 private:
  jpeg_compress_struct jpeg_ = {};
  jpeg_error_mgr errors_ = {};
  unsigned char* bytes_ = nullptr;
  unsigned long size_ = 0;
};

}  // namespace

std::string WriteJpeg(const RgbImage& image, const JpegKind& kind) {
  Writer writer;
  jpeg_compress_struct& jpeg = writer.jpeg();
  jpeg.image_width = image.width;
  jpeg.image_height = image.height;
  jpeg.input_components = 3;
  jpeg.in_color_space = JCS_RGB;
  jpeg_set_defaults(&jpeg);
  jpeg_set_quality(&jpeg, 90, TRUE);
  jpeg.arith_code = kind.is_arithmetic;
  jpeg.restart_in_rows = kind.restart_rows;
  if (kind.scans == JpegScans::kProgressive)
    jpeg_simple_progression(&jpeg);
  if (kind.scans == JpegScans::kOneForEachComponent) {
    jpeg.scan_info = kSeparateScans;
    jpeg.num_scans = 3;
  }
  return writer.Write(image.pixels.data(), image.row_bytes());
}

std::string WriteCmykJpeg(const std::string& row, bool with_adobe_marker) {
  Writer writer;
  jpeg_compress_struct& jpeg = writer.jpeg();
  jpeg.image_width = static_cast<JDIMENSION>(row.size() / 4);
  jpeg.image_height = 1;
  jpeg.input_components = 4;
  jpeg.in_color_space = JCS_CMYK;
  jpeg_set_defaults(&jpeg);
  jpeg_set_quality(&jpeg, 100, TRUE);
  jpeg.write_Adobe_marker = with_adobe_marker;
  return writer.Write(reinterpret_cast<const uint8_t*>(row.data()), row.size());
}

}  // namespace ruyi
