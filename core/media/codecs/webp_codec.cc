#include "core/media/codecs/webp_codec.h"

#include <webp/decode.h>
#include <webp/demux.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

#include "core/base/status_macros.h"
#include "core/media/codecs/byte_reader.h"
#include "core/media/codecs/picture_checks.h"

namespace ruyi {
namespace {

constexpr size_t kFirstChunkOffset = 12;  // in the file: "RIFF", a size, "WEBP"

struct DemuxerDeleter {
  void operator()(WebPDemuxer* demuxer) const { WebPDemuxDelete(demuxer); }
};
using Demuxer = std::unique_ptr<WebPDemuxer, DemuxerDeleter>;

absl::Status Damaged() {
  return DamagedPicture("WebP", "");
}

// The canvas that an extended file states (RFC 9649, section 2.7): libwebp refuses areas over its limit as damage.
absl::Status CheckCanvas(std::string_view bytes, const ImageLimits& limits) {
  ByteReader header(bytes.substr(kFirstChunkOffset));
  if (header.Read(4) != "VP8X")
    return absl::OkStatus();
  header.Read(8);  // the chunk's size, and flags
  const std::optional<uint32_t> width = header.ReadNumber(3, ByteOrder::kLittle);
  const std::optional<uint32_t> height = header.ReadNumber(3, ByteOrder::kLittle);
  return height.has_value() ? CheckPictureSize(int64_t{*width} + 1, int64_t{*height} + 1, limits) : Damaged();
}

// The first frame, whose bytes are those of the file.
class Frame {
 public:
  explicit Frame(const WebPDemuxer& demuxer) { is_found_ = WebPDemuxGetFrame(&demuxer, 1, &iterator_) != 0; }
  ~Frame() { WebPDemuxReleaseIterator(&iterator_); }
  Frame(const Frame&) = delete;
  Frame& operator=(const Frame&) = delete;

  // Returns true when all of the frame is there and lies on the canvas.
  bool IsWhole(int width, int height) const {
    return is_found_ && iterator_.complete && iterator_.width > 0 && iterator_.height > 0 && iterator_.x_offset >= 0 &&
           iterator_.y_offset >= 0 && iterator_.width <= width - iterator_.x_offset &&
           iterator_.height <= height - iterator_.y_offset;
  }

  bool FillsCanvas(int width, int height) const { return iterator_.width == width && iterator_.height == height; }
  bool has_alpha() const { return iterator_.has_alpha != 0; }

  bool DecodeInto(StoredPicture& canvas) const {
    WebPDecoderConfig config;
    if (WebPInitDecoderConfig(&config) == 0)
      return false;
    const size_t stride = static_cast<size_t>(canvas.width) * canvas.channels;
    const size_t offset = iterator_.y_offset * stride + static_cast<size_t>(iterator_.x_offset) * canvas.channels;
    config.output.colorspace = canvas.channels == 4 ? MODE_RGBA : MODE_RGB;
    config.output.is_external_memory = 1;
    config.output.u.RGBA = {.rgba = canvas.pixels.data() + offset,
                            .stride = static_cast<int>(stride),
                            .size = canvas.pixels.size() - offset};
    return WebPDecode(iterator_.fragment.bytes, iterator_.fragment.size, &config) == VP8_STATUS_OK;
  }

 private:
  WebPIterator iterator_ = {};
  bool is_found_ = false;
};

int Orientation(const WebPDemuxer& demuxer) {
  WebPChunkIterator chunk = {};
  int orientation = kUprightOrientation;
  if (WebPDemuxGetChunk(&demuxer, "EXIF", 1, &chunk) != 0)
    orientation = ReadExifOrientation({reinterpret_cast<const char*>(chunk.chunk.bytes), chunk.chunk.size});
  WebPDemuxReleaseChunkIterator(&chunk);
  return orientation;
}

}  // namespace

absl::StatusOr<StoredPicture> DecodeWebp(std::string_view bytes, const ImageLimits& limits) {
  RUYI_RETURN_IF_ERROR(CheckCanvas(bytes, limits));
  const WebPData data = {.bytes = reinterpret_cast<const uint8_t*>(bytes.data()), .size = bytes.size()};
  const Demuxer demuxer(WebPDemux(&data));
  if (demuxer == nullptr)
    return Damaged();
  StoredPicture picture = {.width = static_cast<int>(WebPDemuxGetI(demuxer.get(), WEBP_FF_CANVAS_WIDTH)),
                           .height = static_cast<int>(WebPDemuxGetI(demuxer.get(), WEBP_FF_CANVAS_HEIGHT)),
                           .orientation = Orientation(*demuxer)};
  RUYI_RETURN_IF_ERROR(CheckPictureSize(picture.width, picture.height, limits));
  const Frame frame(*demuxer);
  if (!frame.IsWhole(picture.width, picture.height))
    return Damaged();
  picture.channels = frame.has_alpha() || !frame.FillsCanvas(picture.width, picture.height) ? 4 : 3;
  picture.pixels.resize(static_cast<size_t>(picture.width) * picture.height * picture.channels);
  return frame.DecodeInto(picture) ? absl::StatusOr<StoredPicture>(std::move(picture)) : Damaged();
}

}  // namespace ruyi
