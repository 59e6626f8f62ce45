// Converts how a video is encoded and previewed between the contract and core. Functions without state; thread-safe.
#pragma once

#include <ruyi/v1/video.pb.h>

#include "core/media/encoding_settings.h"
#include "core/request/generation_request.h"

namespace ruyi {

// Each fills in its part of `request`, and adds violations for values that cannot be read to `request.unreadable`.
void FillEncoding(const ruyi::v1::Encoding& proto, GenerationRequest& request);
void FillPreview(const ruyi::v1::Preview& proto, GenerationRequest& request);

ruyi::v1::Encoding ToProto(const EncodingSettings& settings);
ruyi::v1::Preview ToProto(const PreviewSettings& settings);

}  // namespace ruyi
