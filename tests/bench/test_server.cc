#include "tests/bench/test_server.h"

#include <grpcpp/client_context.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <utility>

#include "absl/strings/str_format.h"
#include "absl/synchronization/notification.h"
#include "server/app/log.h"
#include "tests/bench/bench_inputs.h"

namespace ruyi {
namespace {

constexpr absl::Duration kLoadTimeout = absl::Minutes(20);

void RequireOk(const absl::Status& status) {
  if (status.ok())
    return;
  absl::FPrintF(stderr, "the server does not start: %s\n", status.message());
  std::exit(EXIT_FAILURE);
}

std::string MakeFolder() {
  std::string path = (std::filesystem::temp_directory_path() / "ruyi-bench-XXXXXX").string();
  if (mkdtemp(path.data()) == nullptr)
    RequireOk(absl::UnavailableError("there is no temporary folder"));
  return path;
}

}  // namespace

TestServer::TestServer(const std::function<Components(const ServerOptions&)>& make_components, int queue_capacity)
    : state_dir_(MakeFolder()) {
  SetLogLevel("warning");
  const ServerOptions options = {.model = DemoModel(),
                                 .listen = "127.0.0.1:0",
                                 .metrics_listen = "127.0.0.1:0",
                                 .admin_listen = "",
                                 .admin_page = "",
                                 .queue_capacity = queue_capacity,
                                 .state_dir = state_dir_};
  absl::Notification loaded;
  absl::Status load_status = absl::DeadlineExceededError("the model is still being loaded");
  absl::StatusOr<std::unique_ptr<Server>> server =
      Server::Start(options, make_components(options), {.on_loaded = [&](const absl::Status& status) {
                      load_status = status;
                      loaded.Notify();
                    }});
  RequireOk(server.status());
  loaded.WaitForNotificationWithTimeout(kLoadTimeout);
  RequireOk(load_status);
  server_ = *std::move(server);
  stub_ = v1::VideoService::NewStub(
      grpc::CreateChannel(absl::StrFormat("127.0.0.1:%d", server_->port()), grpc::InsecureChannelCredentials()));
}

TestServer::~TestServer() {
  server_.reset();
  std::error_code ignored;
  std::filesystem::remove_all(state_dir_, ignored);
}

absl::Status TestServer::Generate(const v1::GenerateVideoRequest& request,
                                  const std::function<void(const v1::VideoEvent&)>& on_event) const {
  grpc::ClientContext context;
  const auto stream = stub_->GenerateVideo(&context, request);
  for (v1::VideoEvent event; stream->Read(&event);)
    on_event(event);
  const grpc::Status status = stream->Finish();
  return absl::Status(static_cast<absl::StatusCode>(status.error_code()), status.error_message());
}

}  // namespace ruyi
