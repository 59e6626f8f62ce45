#include "client/generate_request.h"

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "client/choices.h"

namespace ruyi::client {
namespace {

absl::StatusOr<std::string> ReadPicture(const std::string& path) {
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored))
    return absl::FailedPreconditionError("is a folder");
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  std::string bytes{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  if (!file.is_open() || file.bad())
    return absl::ErrnoToStatus(errno == 0 ? EIO : errno, "cannot be read");
  if (bytes.empty())
    return absl::FailedPreconditionError("is empty");
  return bytes;
}

using Pictures = google::protobuf::RepeatedPtrField<v1::ImageInput>;

absl::Status AddPictures(std::string_view flag, const std::vector<std::string>& paths, Pictures& pictures) {
  for (size_t i = 0; i < paths.size(); ++i) {
    absl::StatusOr<std::string> bytes = ReadPicture(paths[i]);
    if (!bytes.ok()) {
      return absl::Status(bytes.status().code(), absl::StrFormat("%s number %d (%s) %s", flag, i + 1, paths[i],
                                                                 std::string(bytes.status().message())));
    }
    pictures.Add()->set_data(*std::move(bytes));
  }
  return absl::OkStatus();
}

void SetShape(const GenerateOptions& options, v1::GenerateVideoRequest& request) {
  if (options.resolution.has_value())
    request.set_base_resolution(*options.resolution);
  if (options.size.has_value()) {
    request.mutable_size()->set_width(options.size->width);
    request.mutable_size()->set_height(options.size->height);
  }
  if (options.frames.has_value())
    request.set_frame_count(*options.frames);
}

void SetSampling(const GenerateOptions& options, v1::GenerateVideoRequest& request) {
  request.set_camera(CameraOfName(options.camera));
  request.set_sampler(SamplerOfName(options.sampler));
  if (options.motion.has_value())
    request.set_motion(*options.motion);
  if (options.steps.has_value())
    request.set_steps(*options.steps);
  if (options.guidance.has_value())
    request.set_guidance_scale(*options.guidance);
  if (options.seed.has_value())
    request.set_seed(*options.seed);
}

}  // namespace

absl::StatusOr<v1::GenerateVideoRequest> MakeGenerateRequest(const GenerateOptions& options) {
  v1::GenerateVideoRequest request;
  absl::Status status = AddPictures("--image", options.images, *request.mutable_start_images());
  status.Update(AddPictures("--end-image", options.end_images, *request.mutable_end_images()));
  if (!status.ok())
    return status;
  SetShape(options, request);
  SetSampling(options, request);
  return request;
}

}  // namespace ruyi::client
