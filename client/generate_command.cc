#include "client/generate_command.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include <iostream>
#include <memory>
#include <string_view>
#include <utility>

#include "absl/strings/str_format.h"
#include "client/film_fetch.h"
#include "client/generate_request.h"
#include "client/job_creation.h"
#include "client/job_request.h"
#include "core/digest/sha256.h"

namespace ruyi::client {
namespace {

absl::Status NamedAfter(std::string_view flag, const absl::Status& status) {
  return absl::Status(status.code(), absl::StrFormat("%s: %s", flag, std::string(status.message())));
}

struct OutputFiles {
  std::unique_ptr<ResumableFilm> film;
  std::unique_ptr<PartialFile> sheet;  // null: not asked for
};

// Returns the digest of a request but for its id; equal flags give equal ones.
std::string DigestOf(v1::GenerateVideoRequest request) {
  request.clear_request_id();
  std::string bytes;
  {
    google::protobuf::io::StringOutputStream stream(&bytes);
    google::protobuf::io::CodedOutputStream coded(&stream);
    coded.SetSerializationDeterministic(true);
    request.SerializeToCodedStream(&coded);
  }
  return Sha256Hex(bytes);
}

absl::StatusOr<std::unique_ptr<ResumableFilm>> OpenFilm(const GenerateOptions& options, const std::string& server,
                                                        const v1::GenerateVideoRequest& request) {
  if (options.resume)
    return ResumableFilm::Resume(options.out);
  const std::string& given = options.job.request_id;
  return ResumableFilm::Begin(
      options.out,
      {.request_id = given.empty() ? NewRequestId() : given, .request_sha256 = DigestOf(request), .server = server});
}

absl::StatusOr<OutputFiles> OpenFiles(const GenerateOptions& options, const std::string& server,
                                      const v1::GenerateVideoRequest& request) {
  OutputFiles files;
  absl::StatusOr<std::unique_ptr<ResumableFilm>> film = OpenFilm(options, server, request);
  if (!film.ok())
    return NamedAfter("--out", film.status());
  files.film = *std::move(film);
  if (options.sheet.empty())
    return files;
  absl::StatusOr<std::unique_ptr<PartialFile>> sheet = PartialFile::Create(options.sheet);
  if (sheet.ok()) {
    files.sheet = *std::move(sheet);
    return files;
  }
  if (options.resume)
    files.film->Keep();
  return NamedAfter("--sheet", sheet.status());
}

// Returns true when flags of a video were given with --resume that are others than `record` was begun with.
bool AsksForAnother(const FilmRecord& record, const v1::GenerateVideoRequest& given) {
  if (!given.request_id().empty() && given.request_id() != record.request_id)
    return true;
  const std::string digest = DigestOf(given);
  return digest != DigestOf({}) && digest != record.request_sha256;
}

// Returns why --resume cannot go on; empty: it can.
std::string WhyNotResumed(const FilmRecord& record, const v1::GenerateVideoRequest& given) {
  if (record.video.empty() && given.start_images().empty()) {
    return absl::StrFormat("the server had not answered request %s: give all flags of the video again, with --resume",
                           record.request_id);
  }
  if (!AsksForAnother(record, given))
    return "";
  if (record.video.empty()) {
    return absl::StrFormat(
        "the server had not answered request %s: --resume asks for the same video again, and needs "
        "the same flags and pictures; those that are given are others",
        record.request_id);
  }
  return absl::StrFormat(
      "--resume goes on with %s as it was asked for; other flags of the video would change nothing: "
      "leave them out",
      record.video);
}

class Generate {
 public:
  Generate(const GenerateOptions& options, const CommandContext& context, OutputFiles files)
      : options_(options), context_(context), files_(std::move(files)), film_(*files_.film) {
    if (options.resume && !context.server_given && !film_.record().server.empty())
      context_.server = film_.record().server;
    terms_ = {.patience = {.retry_for = absl::Seconds(options.retry_for_s)},
              .timeout_s = options.timeout_s,
              .cancels = !options.detach,
              .json = options.json,
              .sheet = files_.sheet.get(),
              .flags = FlagNames(options.request)};
    if (options.timeout_s.has_value())
      terms_.patience.deadline = context.waiter->Now() + absl::Seconds(*options.timeout_s);
  }

  ExitCode Run(const v1::GenerateVideoRequest& request) {
    RemoveOnSecondSignal();
    VideoClient client(context_.server, context_.channel);
    if (film_.record().video.empty()) {
      if (const ExitCode code = Create(client, request); code != ExitCode::kDone)
        return code;
    }
    const ExitCode code = FetchFilm(client, film_, terms_, context_);
    if (options_.detach && film_.kept())
      std::cout << film_.record().video << std::endl;
    return code;
  }

 private:
  void RemoveOnSecondSignal() {
    if (options_.detach)
      return;
    context_.interrupt->RemoveOnSecond(film_.file().temporary_path());
    context_.interrupt->RemoveOnSecond(film_.record_path());
    if (files_.sheet != nullptr)
      context_.interrupt->RemoveOnSecond(files_.sheet->temporary_path());
  }

  // Makes the video, or finds the one that an earlier process has asked for.
  ExitCode Create(VideoClient& client, const v1::GenerateVideoRequest& request) {
    v1::CreateVideoRequest create;
    *create.mutable_request() = request;
    create.mutable_request()->set_request_id(film_.record().request_id);
    v1::Video video;
    const CallEnd end = CreateJob(client, create, context_, terms_.patience, &video);
    if (!end.status.ok())
      return FailCreation(end, create, context_, terms_.flags);
    FilmRecord record = film_.record();
    record.video = video.name();
    film_.Update(record).IgnoreError();  // the request's id, which is noted already, finds the video too
    return ExitCode::kDone;
  }

  const GenerateOptions& options_;
  CommandContext context_;
  OutputFiles files_;
  ResumableFilm& film_;
  FetchTerms terms_;
};

}  // namespace

ExitCode RunGenerate(const GenerateOptions& options, const CommandContext& context) {
  absl::StatusOr<v1::GenerateVideoRequest> request = MakeGenerateRequest(options.request);
  if (!request.ok())
    return FailLocally(request.status());
  SetJobOptions(options.job, *request);
  absl::StatusOr<OutputFiles> files = OpenFiles(options, context.server, *request);
  if (!files.ok())
    return FailLocally(files.status());
  const std::string why = options.resume ? WhyNotResumed(files->film->record(), *request) : "";
  if (!why.empty()) {
    files->film->Keep();
    return Fail(ExitCode::kUsage, why);
  }
  return Generate(options, context, *std::move(files)).Run(*request);
}

}  // namespace ruyi::client
