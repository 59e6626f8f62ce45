#include "core/media/codecs/jpeg_codec.h"

// The order matters: jpeglib.h needs FILE, and jerror.h needs the declarations of jpeglib.h.
// clang-format off
#include <cstdio>
#include <jpeglib.h>
#include <jerror.h>
// clang-format on

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/base/library_log.h"
#include "core/base/status_macros.h"
#include "core/media/codecs/library_escape.h"
#include "core/media/codecs/picture_checks.h"

namespace ruyi {
namespace {

constexpr int kApp1 = JPEG_APP0 + 1;
constexpr unsigned kWholeMarker = 0xFFFF;
constexpr std::string_view kExifMark("Exif\0", 5);
// Files have some ten scans; each costs a pass over the whole picture.
constexpr int kMaxScans = 100;

// What libjpeg may take for a picture beside its bytes: the coefficients of up to four components, two bytes each, and
// its rows and tables.
constexpr int64_t kLibraryBytesPerPixel = 8;
constexpr int64_t kLibraryBytes = 64 << 20;

// Returns true for warnings after which libjpeg goes on with pixels of its own making. Others, as of stray bytes before
// a marker, leave the picture whole.
bool IsDamage(int code) {
  return code == JWRN_HIT_MARKER || code == JWRN_HUFF_BAD_CODE || code == JWRN_ARITH_BAD_CODE ||
         code == JWRN_MUST_RESYNC;
}

// Holds libjpeg's callbacks for errors and warnings, and what they found.
struct JpegMessages {
  jpeg_error_mgr callbacks;  // first, so that libjpeg's pointer to it is a pointer to this
  LibraryEscape escape;
  bool is_damaged = false;
  bool hit_end = false;  // libjpeg looked behind the file's end, maybe without need
  char text[JMSG_LENGTH_MAX] = {};
};

JpegMessages& MessagesOf(j_common_ptr jpeg) {
  return *reinterpret_cast<JpegMessages*>(jpeg->err);
}

void OnError(j_common_ptr jpeg) {
  JpegMessages& messages = MessagesOf(jpeg);
  messages.callbacks.format_message(jpeg, messages.text);
  messages.escape.Leave();
}

// Logs one line for each file, for a damaged one may have a warning in every block.
void OnMessage(j_common_ptr jpeg, int level) {
  JpegMessages& messages = MessagesOf(jpeg);
  if (level >= 0)
    return;
  messages.is_damaged |= IsDamage(messages.callbacks.msg_code);
  messages.hit_end |= messages.callbacks.msg_code == JWRN_JPEG_EOF;
  if (messages.callbacks.num_warnings++ == 0) {
    messages.callbacks.format_message(jpeg, messages.text);
    LogFromLibrary("libjpeg", messages.text);
  }
}

// Turns C, M, Y and K, stored as the absence of ink, into R, G and B, in place of the first three. Adobe's files store
// the absence of ink, others the ink.
void CmykToRgb(const uint8_t* cmyk, size_t count, bool is_inverted, uint8_t* rgb) {
  const int flip = is_inverted ? 0 : 255;
  for (size_t i = 0; i < count; ++i, cmyk += 4, rgb += 3)
    for (int channel = 0; channel < 3; ++channel)
      rgb[channel] = static_cast<uint8_t>(((cmyk[channel] ^ flip) * (cmyk[3] ^ flip) + 127) / 255);
}

class JpegReader {
 public:
  JpegReader() {
    jpeg_.err = jpeg_std_error(&messages_.callbacks);
    messages_.callbacks.error_exit = OnError;
    messages_.callbacks.emit_message = OnMessage;
  }
  ~JpegReader() { jpeg_destroy_decompress(&jpeg_); }
  JpegReader(const JpegReader&) = delete;
  JpegReader& operator=(const JpegReader&) = delete;

  absl::StatusOr<StoredPicture> Read(std::string_view bytes, const ImageLimits& limits) {
    RUYI_RETURN_IF_ERROR(ReadHeader(bytes, limits));
    StoredPicture picture = {.width = static_cast<int>(jpeg_.image_width),
                             .height = static_cast<int>(jpeg_.image_height),
                             .orientation = Orientation()};
    RUYI_RETURN_IF_ERROR(Start());
    picture.pixels.resize(size_t{jpeg_.image_width} * jpeg_.image_height * 3);
    RUYI_RETURN_IF_ERROR(ReadRows(picture));
    return picture;
  }

 private:
  absl::Status ReadHeader(std::string_view bytes, const ImageLimits& limits) {
    const bool is_read = messages_.escape.Run([&] {
      jpeg_create_decompress(&jpeg_);
      jpeg_save_markers(&jpeg_, kApp1, kWholeMarker);
      jpeg_mem_src(&jpeg_, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
      jpeg_read_header(&jpeg_, TRUE);
    });
    // libjpeg's own limit of a side comes as an error, when the size has been read.
    if (is_read || messages_.callbacks.msg_code == JERR_IMAGE_TOO_BIG) {
      const ImageLimits both = {.max_side = std::min<int64_t>(limits.max_side, JPEG_MAX_DIMENSION),
                                .max_pixels = limits.max_pixels};
      RUYI_RETURN_IF_ERROR(CheckPictureSize(jpeg_.image_width, jpeg_.image_height, both));
    }
    return is_read ? absl::OkStatus() : Damaged();
  }

  int Orientation() const {
    for (const jpeg_marker_struct* marker = jpeg_.marker_list; marker != nullptr; marker = marker->next) {
      const std::string_view data(reinterpret_cast<const char*>(marker->data), marker->data_length);
      if (data.starts_with(kExifMark))
        return ReadExifOrientation(data);
    }
    return kUprightOrientation;
  }

  // A file of one scan is decoded row by row as it is read; of several, each scan is read first.
  absl::Status Start() {
    jpeg_.out_color_space = IsCmyk() ? JCS_CMYK : JCS_RGB;
    jpeg_.buffered_image = jpeg_has_multiple_scans(&jpeg_);
    jpeg_.mem->max_memory_to_use = kLibraryBytes + kLibraryBytesPerPixel * jpeg_.image_width * jpeg_.image_height;
    if (!messages_.escape.Run([&] { jpeg_start_decompress(&jpeg_); }))
      return Damaged();
    if (!jpeg_.buffered_image)
      return absl::OkStatus();
    const bool is_read = messages_.escape.Run([&] { ReadScans(); });
    if (!is_read || IsDamaged() || !HasAllComponents() || (messages_.hit_end && !IsWhole()))
      return Damaged();
    return messages_.escape.Run([&] { jpeg_start_output(&jpeg_, jpeg_.input_scan_number); }) ? absl::OkStatus()
                                                                                             : Damaged();
  }

  // Reads up to the end marker, or until nothing can follow that belongs to the picture.
  void ReadScans() {
    for (int scans = 0; scans < kMaxScans && !messages_.is_damaged;) {
      const int event = jpeg_consume_input(&jpeg_);
      if (event == JPEG_REACHED_EOI)
        return;
      if (event != JPEG_SCAN_COMPLETED)
        continue;
      ++scans;
      NoteScan();
      if (IsWhole())
        return;
    }
    messages_.is_damaged = true;
  }

  void NoteScan() {
    for (int i = 0; i < jpeg_.comps_in_scan; ++i)
      components_read_ |= 1u << jpeg_.cur_comp_info[i]->component_index;
  }

  bool HasAllComponents() const { return components_read_ == (1u << jpeg_.num_components) - 1; }

  // Returns true when every component is there, and in a progressive file every coefficient to its last bit.
  bool IsWhole() const {
    if (!HasAllComponents())
      return false;
    if (!jpeg_.progressive_mode)
      return true;
    for (int component = 0; component < jpeg_.num_components; ++component)
      for (int coefficient = 0; coefficient < DCTSIZE2; ++coefficient)
        if (jpeg_.coef_bits[component][coefficient] != 0)
          return false;
    return true;
  }

  absl::Status ReadRows(StoredPicture& picture) {
    std::vector<uint8_t> cmyk(IsCmyk() ? size_t{jpeg_.image_width} * 4 : 0);
    const size_t row_bytes = size_t{jpeg_.image_width} * 3;
    for (uint8_t* rgb = picture.pixels.data(); jpeg_.output_scanline < jpeg_.output_height; rgb += row_bytes) {
      JSAMPROW row = cmyk.empty() ? rgb : cmyk.data();
      if (!messages_.escape.Run([&] { jpeg_read_scanlines(&jpeg_, &row, 1); }) || IsDamaged())
        return Damaged();
      if (!cmyk.empty())
        CmykToRgb(cmyk.data(), jpeg_.image_width, jpeg_.saw_Adobe_marker, rgb);
    }
    return absl::OkStatus();
  }

  // Arithmetic coding goes on with zeros where the data ends, without a warning, so its end cannot be told.
  bool IsDamaged() const { return messages_.is_damaged || (jpeg_.arith_code && messages_.hit_end); }

  bool IsCmyk() const { return jpeg_.jpeg_color_space == JCS_CMYK || jpeg_.jpeg_color_space == JCS_YCCK; }

  absl::Status Damaged() const { return DamagedPicture("JPEG", messages_.text); }

  jpeg_decompress_struct jpeg_ = {};
  JpegMessages messages_;
  unsigned components_read_ = 0;  // a bit for each
};

}  // namespace

absl::StatusOr<StoredPicture> DecodeJpeg(std::string_view bytes, const ImageLimits& limits) {
  return JpegReader().Read(bytes, limits);
}

}  // namespace ruyi
