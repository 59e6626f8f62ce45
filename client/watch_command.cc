#include "client/watch_command.h"

#include <iostream>
#include <memory>

#include "absl/strings/str_format.h"
#include "client/display_choice.h"
#include "client/event_text.h"
#include "client/job_follower.h"
#include "client/status_text.h"

namespace ruyi::client {
namespace {

ExitCode Explain(const JobEnd& end, const WatchOptions& options, const CommandContext& context) {
  if (end.completed.has_value()) {
    if (!options.json)
      std::cout << SummaryText(options.name, *end.completed) << std::endl;
    return ExitCode::kDone;
  }
  if (end.failed.has_value()) {
    std::cerr << ErrorText(*end.failed, FlagNames(), options.name) << std::flush;
    const ExitCode code = ExitCodeOfStatus(static_cast<grpc::StatusCode>(end.failed->code()));
    return code == ExitCode::kDone ? ExitCode::kFailed : code;
  }
  if (context.interrupt->signal() != 0 || end.watch.verdict == Verdict::kFinal)
    return FailCall(context, end.watch.status, options.name);
  return Fail(ExitCode::kGaveUp,
              absl::StrFormat("%s: %s: what became of the video is unknown; `ruyi-client watch %s` watches again",
                              options.name, FailureText(end.watch.status), options.name));
}

}  // namespace

ExitCode RunWatch(const WatchOptions& options, const CommandContext& context) {
  VideoClient client(context.server, context.channel);
  const std::unique_ptr<ProgressDisplay> display = MakeDisplay(options.json);
  JobFollower follower(&client, {.retry_for = absl::Seconds(options.retry_for_s)}, context.waiter,
                       context.interrupt->cancel_source());
  const JobEnd end = follower.Watch({.name = options.name, .after_seq = options.after_seq}, *display);
  display->Close();
  return Explain(end, options, context);
}

}  // namespace ruyi::client
