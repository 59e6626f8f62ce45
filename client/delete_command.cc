#include "client/delete_command.h"

#include <iostream>

#include "client/video_client.h"

namespace ruyi::client {

ExitCode RunDelete(const std::string& name, const CommandContext& context) {
  const grpc::Status status =
      VideoClient(context.server, context.channel).Delete(name, {.cancel_source = context.interrupt->cancel_source()});
  if (!status.ok())
    return FailCall(context, status, name);
  std::cout << name << " is deleted" << std::endl;
  return ExitCode::kDone;
}

}  // namespace ruyi::client
