#include "server/convert/payload_digest.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include "absl/strings/str_cat.h"
#include "core/digest/sha256.h"
#include "core/intake/job_request.h"

namespace ruyi {
namespace {

void NameByContent(google::protobuf::RepeatedPtrField<ruyi::v1::ImageInput>& pictures) {
  for (ruyi::v1::ImageInput& picture : pictures) {
    if (picture.has_data())
      picture.set_image(absl::StrCat(kUploadPrefix, Sha256Hex(picture.data())));
  }
}

// Returns the same bytes for equal messages, for maps have no order of their own.
std::string Deterministic(const google::protobuf::Message& message) {
  std::string bytes;
  google::protobuf::io::StringOutputStream output(&bytes);
  google::protobuf::io::CodedOutputStream coded(&output);
  coded.SetSerializationDeterministic(true);
  message.SerializeToCodedStream(&coded);
  coded.Trim();
  return bytes;
}

}  // namespace

std::string PayloadDigest(const ruyi::v1::GenerateVideoRequest& request) {
  ruyi::v1::GenerateVideoRequest payload = request;
  payload.clear_request_id();
  NameByContent(*payload.mutable_start_images());
  NameByContent(*payload.mutable_end_images());
  return Sha256Hex(Deterministic(payload));
}

}  // namespace ruyi
