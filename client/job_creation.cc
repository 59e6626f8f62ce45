#include "client/job_creation.h"

#include <uuid/uuid.h>

#include <iostream>

#include "absl/strings/str_format.h"

namespace ruyi::client {

std::string NewRequestId() {
  uuid_t uuid;
  uuid_generate_random(uuid);
  char text[UUID_STR_LEN];
  uuid_unparse_lower(uuid, text);
  return text;
}

CallEnd CreateJob(VideoClient& client, const v1::CreateVideoRequest& request, const CommandContext& context,
                  const Patience& patience, v1::Video* video) {
  Retrier retrier(&MayCallAgain, patience, context.waiter, context.interrupt->cancel_source());
  retrier.SetNotice([](const std::string& text) { std::cerr << text << std::endl; });
  CallEnd end = {.verdict = Verdict::kAgain};
  while (end.verdict == Verdict::kAgain) {
    CallOptions call;
    if (patience.deadline != absl::InfiniteFuture())
      call.timeout = patience.deadline - context.waiter->Now();
    end.status = client.Create(request, call, video);
    if (end.status.ok())
      return end;
    end.verdict = retrier.AfterFailure(end.status);
  }
  return end;
}

ExitCode FailCreation(const CallEnd& end, const v1::CreateVideoRequest& request, const CommandContext& context,
                      const FlagNames& flags) {
  const std::string& id = request.request().request_id();
  const std::string subject = "request " + id;
  if (end.verdict == Verdict::kFinal)
    return FailCall(context, end.status, subject, flags);
  const std::string again = absl::StrFormat("the same command with --request-id %s asks for the same video again", id);
  if (end.verdict == Verdict::kCancelled) {
    return Fail(ExitCodeOfSignal(context.interrupt->signal()),
                absl::StrFormat("%s: interrupted before the server answered; %s", subject, again));
  }
  if (end.verdict == Verdict::kTimedOut) {
    return Fail(ExitCode::kDeadline,
                absl::StrFormat("%s: the server did not answer within --timeout; %s", subject, again));
  }
  const ExitCode code = FailCall(context, end.status, subject, flags);
  std::cerr << "  " << again << std::endl;
  return code;
}

}  // namespace ruyi::client
