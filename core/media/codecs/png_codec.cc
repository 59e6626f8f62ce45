#include "core/media/codecs/png_codec.h"

#include <png.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <utility>

#include "core/base/library_log.h"
#include "core/base/status_macros.h"
#include "core/media/codecs/byte_reader.h"
#include "core/media/codecs/library_escape.h"
#include "core/media/codecs/picture_checks.h"

namespace ruyi {
namespace {

constexpr size_t kSignatureBytes = 8;
constexpr size_t kWidthOffset = 16;  // in the file: signature, and IHDR's length and type
constexpr png_uint_32 kMaxPngSide = 0x7FFFFFFF;
// EXIF data has at most 64 KiB where it comes from JPEG, and twice as much in hexadecimal.
constexpr png_alloc_size_t kMaxTextBytes = 1 << 20;
constexpr png_uint_32 kMaxTexts = 128;
// What may follow of the pixels' data once all pixels are there: libpng unpacks it all the same, into a thousand times
// as much.
constexpr size_t kMaxSpareBytes = 64 << 10;
constexpr png_byte kExifChunk[] = "eXIf";
constexpr png_byte kTextChunks[] = "tEXt\0zTXt\0iTXt";

// Holds what libpng's callbacks share.
struct PngSession {
  LibraryEscape escape;
  std::string_view unread;
  size_t after_pixels = 0;  // bytes of the file behind its last data of pixels
  png_uint_32 height = 0;
  bool is_interlaced = false;
  size_t spare = kMaxSpareBytes;
  char error[256] = {};
  bool has_warned = false;
};

void OnError(png_structp png, png_const_charp message) {
  auto& session = *static_cast<PngSession*>(png_get_error_ptr(png));
  std::strncpy(session.error, message, sizeof(session.error) - 1);
  session.escape.Leave();
}

// Logs one line for each file, for a damaged one may have a warning in every chunk.
void OnWarning(png_structp png, png_const_charp message) {
  auto& session = *static_cast<PngSession*>(png_get_error_ptr(png));
  if (!std::exchange(session.has_warned, true))
    LogFromLibrary("libpng", message);
}

// Returns true when libpng has all pixels, and reads on to the end of their data.
bool HasAllRows(png_structp png, const PngSession& session) {
  constexpr int kPasses = 7;
  return session.height > 0 && (session.is_interlaced ? png_get_current_pass_number(png) >= kPasses
                                                      : png_get_current_row_number(png) >= session.height);
}

void ReadBytes(png_structp png, png_bytep bytes, size_t size) {
  auto& session = *static_cast<PngSession*>(png_get_io_ptr(png));
  std::string_view& unread = session.unread;
  if (size > unread.size())
    png_error(png, "the file ends too early");
  if (unread.size() > session.after_pixels && HasAllRows(png, session)) {
    if (size > session.spare)
      png_error(png, "there is much more data than pixels");
    session.spare -= size;
  }
  std::memcpy(bytes, unread.data(), size);
  unread.remove_prefix(size);
}

class PngReader {
 public:
  explicit PngReader(std::string_view bytes) : bytes_(bytes) {}
  ~PngReader() { png_destroy_read_struct(&png_, &info_, nullptr); }
  PngReader(const PngReader&) = delete;
  PngReader& operator=(const PngReader&) = delete;

  absl::StatusOr<StoredPicture> Read(const ImageLimits& limits) {
    RUYI_RETURN_IF_ERROR(CheckSize(limits));
    RUYI_RETURN_IF_ERROR(CheckChunks());
    RUYI_RETURN_IF_ERROR(Open());
    if (!session_.escape.Run([&] { ReadHeader(); }))
      return Damaged();
    StoredPicture picture = {.width = static_cast<int>(png_get_image_width(png_, info_)),
                             .height = static_cast<int>(png_get_image_height(png_, info_)),
                             .channels = png_get_channels(png_, info_)};
    picture.pixels.resize(png_get_rowbytes(png_, info_) * picture.height);
    if (!session_.escape.Run([&] { ReadPixels(picture.pixels.data()); }))
      return Damaged();
    picture.orientation = Orientation();
    return picture;
  }

 private:
  // Checks the size in the file's first bytes, for libpng refuses sizes over its limit as damage.
  absl::Status CheckSize(const ImageLimits& limits) const {
    ByteReader header(bytes_.substr(std::min(kWidthOffset, bytes_.size())));
    const std::optional<uint32_t> width = header.ReadNumber(4, ByteOrder::kBig);
    const std::optional<uint32_t> height = header.ReadNumber(4, ByteOrder::kBig);
    if (!height.has_value() || bytes_.substr(kWidthOffset - 4, 4) != "IHDR")
      return DamagedPicture("PNG", "");
    return CheckPictureSize(*width, *height, limits);
  }

  // Refuses a file that ends before one of its chunks does: libpng asks for the memory of a whole chunk first, up to 2
  // GiB.
  absl::Status CheckChunks() {
    constexpr size_t kTypeBytes = 4;
    constexpr size_t kChecksumBytes = 4;
    ByteReader chunks(bytes_.substr(kSignatureBytes));
    while (true) {
      const std::optional<uint32_t> length = chunks.ReadNumber(4, ByteOrder::kBig);
      const std::optional<std::string_view> type = chunks.Read(kTypeBytes);
      if (!type.has_value() || !chunks.Read(size_t{*length} + kChecksumBytes).has_value())
        return DamagedPicture("PNG", "");
      if (*type == "IDAT")
        session_.after_pixels = chunks.remaining();
      if (*type == "IEND")
        return absl::OkStatus();
    }
  }

  absl::Status Open() {
    session_.unread = bytes_;
    png_ = png_create_read_struct(PNG_LIBPNG_VER_STRING, &session_, OnError, OnWarning);
    info_ = png_ == nullptr ? nullptr : png_create_info_struct(png_);
    return info_ == nullptr ? absl::ResourceExhaustedError("decoding a PNG file: out of memory") : absl::OkStatus();
  }

  void ReadHeader() {
    png_set_read_fn(png_, &session_, ReadBytes);
    png_set_user_limits(png_, kMaxPngSide, kMaxPngSide);
    png_set_chunk_malloc_max(png_, kMaxTextBytes);
    png_set_chunk_cache_max(png_, kMaxTexts);
    KeepChunks();
    png_read_info(png_, info_);
    png_set_expand(png_);  // palettes, depths below 8, and tRNS
    png_set_scale_16(png_);
    png_set_gray_to_rgb(png_);
    passes_ = png_set_interlace_handling(png_);
    png_read_update_info(png_, info_);
    session_.height = png_get_image_height(png_, info_);
    session_.is_interlaced = passes_ > 1;
  }

  // Keeps only the chunks that the picture needs: colour profiles and the like are skipped unread. eXIf is taken as it
  // is, because libpng refuses it with "Exif\0\0" in front.
  void KeepChunks() {
    png_set_keep_unknown_chunks(png_, PNG_HANDLE_CHUNK_NEVER, nullptr, -1);
    png_set_keep_unknown_chunks(png_, PNG_HANDLE_CHUNK_ALWAYS, kExifChunk, 1);
    png_set_keep_unknown_chunks(png_, PNG_HANDLE_CHUNK_AS_DEFAULT, kTextChunks, 3);
  }

  // Reads all passes, then the chunks up to the file's end.
  void ReadPixels(uint8_t* pixels) {
    const size_t row_bytes = png_get_rowbytes(png_, info_);
    const size_t height = png_get_image_height(png_, info_);
    for (int pass = 0; pass < passes_; ++pass)
      for (size_t y = 0; y < height; ++y)
        png_read_row(png_, pixels + y * row_bytes, nullptr);
    png_read_end(png_, info_);
  }

  int Orientation() const {
    const int orientation = ExifOrientation();
    return orientation == kUprightOrientation ? TextOrientation() : orientation;
  }

  int ExifOrientation() const {
    png_unknown_chunkp chunks = nullptr;
    const int count = png_get_unknown_chunks(png_, info_, &chunks);
    for (int i = 0; i < count; ++i)
      if (std::memcmp(chunks[i].name, kExifChunk, sizeof(kExifChunk)) == 0)
        return ReadExifOrientation({reinterpret_cast<const char*>(chunks[i].data), chunks[i].size});
    return kUprightOrientation;
  }

  int TextOrientation() const {
    png_textp texts = nullptr;
    const int count = png_get_text(png_, info_, &texts, nullptr);
    for (int i = 0; i < count; ++i) {
      const std::string_view key = texts[i].key;
      if (key != "Raw profile type exif" && key != "Raw profile type APP1")
        continue;
      const size_t size = texts[i].compression > 0 ? texts[i].itxt_length : texts[i].text_length;
      const int orientation = ReadExifOrientation(DecodeRawProfile({texts[i].text, size}));
      if (orientation != kUprightOrientation)
        return orientation;
    }
    return kUprightOrientation;
  }

  absl::Status Damaged() const { return DamagedPicture("PNG", session_.error); }

  std::string_view bytes_;
  PngSession session_;
  png_structp png_ = nullptr;
  png_infop info_ = nullptr;
  int passes_ = 1;
};

}  // namespace

absl::StatusOr<StoredPicture> DecodePng(std::string_view bytes, const ImageLimits& limits) {
  return PngReader(bytes).Read(limits);
}

}  // namespace ruyi
