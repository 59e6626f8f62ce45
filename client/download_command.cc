#include "client/download_command.h"

#include <memory>

#include "absl/strings/str_format.h"
#include "client/film_fetch.h"

namespace ruyi::client {
namespace {

// With --resume opens the film that was begun, if there is one; else begins a new one.
absl::StatusOr<std::unique_ptr<ResumableFilm>> OpenFilm(const DownloadOptions& options, const std::string& server) {
  if (!options.resume || (!options.name.empty() && !CanResume(options.out)))
    return ResumableFilm::Begin(options.out, {.video = options.name, .server = server});
  return ResumableFilm::Resume(options.out);
}

// Says whether the note that was found belongs to this download.
absl::Status CheckRecord(const FilmRecord& record, const DownloadOptions& options) {
  if (record.video.empty()) {
    return absl::FailedPreconditionError(absl::StrFormat(
        "the server had not answered request %s: `ruyi-client generate --resume`, with all flags of the "
        "video, goes on",
        record.request_id));
  }
  if (options.name.empty() || options.name == record.video)
    return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrFormat("%s was begun with %s and not with %s; take another name",
                                                       options.out, record.video, options.name));
}

}  // namespace

ExitCode RunDownload(const DownloadOptions& options, const CommandContext& context) {
  absl::StatusOr<std::unique_ptr<ResumableFilm>> film = OpenFilm(options, context.server);
  if (!film.ok())
    return FailLocally(film.status());
  const FilmRecord& record = (*film)->record();
  if (absl::Status status = CheckRecord(record, options); !status.ok()) {
    (*film)->Keep();
    return FailLocally(status);
  }
  CommandContext own = context;
  if (!context.server_given && !record.server.empty())
    own.server = record.server;
  VideoClient client(own.server, own.channel);
  const FetchTerms terms = {.patience = {.retry_for = absl::Seconds(options.retry_for_s)}, .json = options.json};
  return FetchFilm(client, **film, terms, own);
}

}  // namespace ruyi::client
