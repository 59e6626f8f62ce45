#include "client/generate_command.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <iostream>
#include <memory>
#include <string_view>
#include <utility>

#include "absl/strings/str_format.h"
#include "client/contact_sheet.h"
#include "client/event_text.h"
#include "client/generate_request.h"
#include "client/json_events.h"
#include "client/partial_file.h"
#include "client/plain_progress.h"
#include "client/status_text.h"
#include "client/terminal_progress.h"
#include "client/video_client.h"
#include "client/video_receiver.h"

namespace ruyi::client {
namespace {

constexpr int kDefaultColumns = 80;

ExitCode Fail(ExitCode code, std::string_view message) {
  std::cerr << "error: " << message << std::endl;
  return code;
}

ExitCode Fail(ExitCode code, const absl::Status& status) {
  return Fail(code, std::string(status.message()));
}

int TerminalColumns() {
  winsize size = {};
  const bool known = ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  return known ? size.ws_col : kDefaultColumns;
}

std::unique_ptr<ProgressDisplay> MakeDisplay(bool json) {
  if (json)
    return std::make_unique<JsonEvents>(&std::cout);
  if (isatty(STDERR_FILENO) != 0)
    return std::make_unique<TerminalProgress>(&std::cerr, TerminalColumns());
  return std::make_unique<PlainProgress>(&std::cerr);
}

struct OutputFiles {
  std::unique_ptr<PartialFile> video;
  std::unique_ptr<PartialFile> sheet;  // null: not asked for
};

absl::StatusOr<std::unique_ptr<PartialFile>> Create(std::string_view flag, const std::string& path) {
  absl::StatusOr<std::unique_ptr<PartialFile>> file = PartialFile::Create(path);
  if (file.ok())
    return file;
  return absl::Status(file.status().code(), absl::StrFormat("%s: %s", flag, std::string(file.status().message())));
}

absl::StatusOr<OutputFiles> CreateFiles(const GenerateOptions& options) {
  OutputFiles files;
  absl::StatusOr<std::unique_ptr<PartialFile>> video = Create("--out", options.out);
  if (!video.ok())
    return video.status();
  files.video = *std::move(video);
  if (options.sheet.empty())
    return files;
  absl::StatusOr<std::unique_ptr<PartialFile>> sheet = Create("--sheet", options.sheet);
  if (!sheet.ok())
    return sheet.status();
  files.sheet = *std::move(sheet);
  return files;
}

// Shows each event, then saves what it brings.
class ShownReceiver final : public VideoEventHandler {
 public:
  ShownReceiver(ProgressDisplay* display, VideoReceiver* receiver) : display_(display), receiver_(receiver) {}

  absl::Status OnEvent(const v1::VideoEvent& event) override {
    display_->OnEvent(event);
    return receiver_->OnEvent(event);
  }

 private:
  ProgressDisplay* display_;
  VideoReceiver* receiver_;
};

grpc::Status Receive(const v1::GenerateVideoRequest& request, const GenerateOptions& options, const std::string& server,
                     Interrupt& interrupt, VideoReceiver& receiver) {
  const std::unique_ptr<ProgressDisplay> display = MakeDisplay(options.json);
  ShownReceiver handler(display.get(), &receiver);
  CallOptions call{.cancel_source = interrupt.cancel_source()};
  if (options.timeout_s.has_value())
    call.timeout = absl::Seconds(*options.timeout_s);
  const grpc::Status status = VideoClient(server).Generate(request, call, handler);
  display->Close();
  return status;
}

absl::Status WriteSheet(PartialFile& sheet, const std::string& video_path) {
  absl::StatusOr<std::string> png = MakeContactSheet(video_path);
  if (!png.ok())
    return png.status();
  if (absl::Status status = sheet.Write(*png); !status.ok())
    return status;
  return sheet.Commit();
}

ExitCode Save(OutputFiles& files, const v1::Video& video, bool quiet) {
  if (absl::Status status = files.video->Commit(); !status.ok())
    return Fail(ExitCode::kLocalFile, status);
  if (!quiet)
    std::cout << SummaryText(files.video->final_path(), video) << std::endl;
  if (files.sheet == nullptr)
    return ExitCode::kDone;
  absl::Status status = WriteSheet(*files.sheet, files.video->final_path());
  if (status.ok())
    return ExitCode::kDone;
  return Fail(ExitCode::kLocalFile,
              absl::StrFormat("the video is saved, but not --sheet: %s", std::string(status.message())));
}

// The call ended on its way, without a last event.
ExitCode FailBroken(const grpc::Status& status) {
  const std::string cause = status.ok() ? "" : absl::StrFormat(" (%s)", status.error_message());
  return Fail(ExitCode::kFailed, absl::StrFormat("the stream ended before the video did%s: what became of the video is "
                                                 "unknown",
                                                 cause));
}

// The server refused the request, or said that it could not make the video, or the deadline passed.
ExitCode FailCall(const grpc::Status& status, const GenerateOptions& options, const std::string& server) {
  if (status.error_code() == grpc::StatusCode::DEADLINE_EXCEEDED && status.error_details().empty()) {
    return Fail(ExitCode::kDeadline, absl::StrFormat("not done within the %g s of --timeout: the video is cancelled",
                                                     options.timeout_s.value_or(0)));
  }
  std::cerr << CallErrorText(status, server, FlagNames(options.request)) << std::flush;
  return ExitCodeOfStatus(status.error_code());
}

ExitCode FailJob(const google::rpc::Status& status, const GenerateOptions& options) {
  std::cerr << ErrorText(status, FlagNames(options.request)) << std::flush;
  const ExitCode code = ExitCodeOfStatus(static_cast<grpc::StatusCode>(status.code()));
  return code == ExitCode::kDone ? ExitCode::kFailed : code;
}

ExitCode ExplainFailure(const VideoReceiver& receiver, const grpc::Status& status, const GenerateOptions& options,
                        const std::string& server) {
  if (receiver.failed().has_value())
    return FailJob(*receiver.failed(), options);
  const bool broken =
      status.ok() || (receiver.accepted() && status.error_code() != grpc::StatusCode::DEADLINE_EXCEEDED);
  return broken ? FailBroken(status) : FailCall(status, options, server);
}

}  // namespace

ExitCode RunGenerate(const GenerateOptions& options, const std::string& server, Interrupt& interrupt) {
  const absl::StatusOr<v1::GenerateVideoRequest> request = MakeGenerateRequest(options.request);
  if (!request.ok())
    return Fail(ExitCode::kLocalFile, request.status());
  absl::StatusOr<OutputFiles> files = CreateFiles(options);
  if (!files.ok())
    return Fail(ExitCode::kLocalFile, files.status());
  for (const PartialFile* file : {files->video.get(), files->sheet.get()}) {
    if (file != nullptr)
      interrupt.RemoveOnSecond(file->temporary_path());
  }
  VideoReceiver receiver(files->video.get());
  const grpc::Status status = Receive(*request, options, server, interrupt, receiver);
  if (receiver.completed().has_value() && receiver.error().ok())
    return Save(*files, *receiver.completed(), options.json);
  if (!receiver.error().ok())
    return Fail(absl::IsDataLoss(receiver.error()) ? ExitCode::kDamaged : ExitCode::kLocalFile, receiver.error());
  if (interrupt.signal() != 0)
    return Fail(ExitCodeOfSignal(interrupt.signal()), "interrupted: the video is cancelled");
  return ExplainFailure(receiver, status, options, server);
}

}  // namespace ruyi::client
