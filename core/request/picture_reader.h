// Decodes the pictures of a request and resizes them to the video's size. Before it: core/request/validate, which has
// looked at everything else. After it: ValidatedRequest. At most one picture is in memory in its full size. Not
// thread-safe; each request has its own.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "core/base/cancellation.h"
#include "core/media/image_decoder.h"
#include "core/media/rgb_image.h"
#include "core/request/generation_request.h"
#include "core/request/limits.h"
#include "core/request/violations.h"

namespace ruyi {

struct ValidPicture {
  RgbImage pixels;            // in the video's size
  std::string source_sha256;  // of the encoded bytes, in hex
  std::string pixels_sha256;  // of the pixels' bytes, in hex
};

class PictureReader {
 public:
  // Everything that the parts refer to must outlive the reader.
  struct Parts {
    const RequestLimits& limits;
    const ImageDecoder& decoder;
    const CancellationToken& token;
    Violations& violations;
  };
  explicit PictureReader(const Parts& parts) : parts_(parts) {}

  // These set the video's size: SetSize to the caller's choice, SetBaseResolution to the bucket of the first picture
  // that is read, at a base resolution.
  void SetSize(const PixelSize& size) { size_ = size; }
  void SetBaseResolution(int base_resolution) { base_resolution_ = base_resolution; }

  // Decodes pictures of a request and resizes them; `field` is their name. Each one that cannot be decoded becomes a
  // violation, and so does the first one when its bucket is a size that the model does not make. As soon as there is a
  // violation of any field, pictures are only decoded and not kept. Returns the token's status when it has ended; it is
  // polled before each picture. Blocks for the time of the decodes.
  absl::Status Read(const std::vector<PictureSource>& sources, const std::string& field,
                    std::vector<ValidPicture>& pictures);

  // Returns the video's size; absent as long as it is not known.
  const std::optional<PixelSize>& size() const { return size_; }

  // Returns true when a picture was over a limit of size.
  bool found_too_large() const { return found_too_large_; }

 private:
  void ChooseSize(const RgbImage& first, int base_resolution, const std::string& field);

  const Parts parts_;
  std::optional<PixelSize> size_;
  std::optional<int> base_resolution_;
  bool found_too_large_ = false;
};

}  // namespace ruyi
