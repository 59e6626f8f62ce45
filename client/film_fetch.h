// Brings the film of a video into the user's folder, and shows how it goes. Before it: generate and download, which
// have a ResumableFilm. After it: JobFollower, and the exit code. Owns nothing. Not thread-safe.
#pragma once

#include <optional>

#include "client/command_context.h"
#include "client/exit_code.h"
#include "client/flag_names.h"
#include "client/job_follower.h"
#include "client/partial_file.h"
#include "client/resumable_film.h"

namespace ruyi::client {

struct FetchTerms {
  Patience patience;
  std::optional<double> timeout_s;  // the time limit from which patience.deadline was computed
  bool cancels = false;             // leaving before the end (Ctrl-C, --timeout) cancels the video
  bool json = false;
  PartialFile* sheet = nullptr;  // null: not asked for
  FlagNames flags;
};

// Downloads the film of `film.record().video`. Blocks until it is whole and has its name, or until it is known that it
// cannot be now; then says so, and how to go on. `film` is kept for a later --resume when that can help.
ExitCode FetchFilm(VideoClient& client, ResumableFilm& film, const FetchTerms& terms, const CommandContext& context);

}  // namespace ruyi::client
