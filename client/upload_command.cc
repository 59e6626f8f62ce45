#include "client/upload_command.h"

#include <iostream>

#include "absl/strings/str_format.h"
#include "client/picture_file.h"
#include "client/video_client.h"

namespace ruyi::client {

ExitCode RunUpload(const std::vector<std::string>& files, const CommandContext& context) {
  VideoClient client(context.server, context.channel);
  for (const std::string& path : files) {
    const absl::StatusOr<std::string> picture = ReadPicture(path);
    if (!picture.ok())
      return Fail(ExitCode::kLocalFile, absl::StrFormat("%s %s", path, std::string(picture.status().message())));
    v1::Image image;
    const grpc::Status status = client.Upload(*picture, {.cancel_source = context.interrupt->cancel_source()}, &image);
    if (!status.ok())
      return FailCall(context, status, path);
    std::cout << image.name() << std::endl;
  }
  return ExitCode::kDone;
}

}  // namespace ruyi::client
