#include "server/page/operator_page.h"

#include <algorithm>
#include <cstdint>
#include <set>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "core/base/error_info.h"
#include "core/base/status_macros.h"
#include "core/job/job_fields.h"
#include "server/page/page_json.h"
#include "server/page/static_files.h"

namespace ruyi {
namespace {

constexpr char kJson[] = "application/json";
// These are the reasons, for the log, of refusals of what another page may have sent; the API has none of them.
constexpr char kForeignHost[] = "FOREIGN_HOST";
constexpr char kForeignPage[] = "FOREIGN_PAGE";

// Nothing but the page's own files runs; pictures come with a token, by the script, and are shown as blobs.
constexpr char kPolicy[] =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

std::string ValueOf(const std::map<std::string, std::string>& values, const std::string& name) {
  const auto found = values.find(name);
  return found == values.end() ? "" : found->second;
}

PageAnswer Error(int status, const absl::Status& why) {
  return {.status = status, .type = kJson, .body = ErrorJson(why), .headers = {}};
}

// A page of another host whose name leads to this machine comes with that host's name. The port may be another one,
// where a tunnel leads here.
bool IsOurHost(const std::string& host) {
  const std::string name = host.substr(0, host.find(':', host.find(']') == std::string::npos ? 0 : host.find(']')));
  return name == "127.0.0.1" || name == "localhost" || name == "[::1]";
}

// Programs other than browsers send neither of the two headers.
bool IsOurPage(const PageRequest& request) {
  const std::string ours = absl::StrCat("http://", ValueOf(request.headers, "host"));
  const auto origin = request.headers.find("origin");
  const auto site = request.headers.find("sec-fetch-site");
  return (origin == request.headers.end() || origin->second == ours) &&
         (site == request.headers.end() || site->second == "same-origin" || site->second == "none");
}

bool HasOrigin(const PageRequest& request) {
  return request.headers.find("origin") != request.headers.end();
}

int HttpStatusOf(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kInvalidArgument:
      return 400;
    case absl::StatusCode::kUnauthenticated:
      return 401;
    case absl::StatusCode::kPermissionDenied:
      return 403;
    case absl::StatusCode::kNotFound:
      return 404;
    case absl::StatusCode::kResourceExhausted:
      return 429;
    case absl::StatusCode::kUnavailable:
      return 503;
    default:
      return 500;
  }
}

PageAnswer ErrorOf(const absl::Status& status) {
  return Error(HttpStatusOf(status), status);
}

PageAnswer AnswerOf(absl::StatusOr<std::string> json) {
  if (!json.ok())
    return ErrorOf(json.status());
  return {.status = 200, .type = kJson, .body = *std::move(json), .headers = {}};
}

PageAnswer File(const std::string& type, std::string_view content) {
  return {.status = 200, .type = type, .body = std::string(content), .headers = {}};
}

PageAnswer WrongMethod(const std::string& allowed) {
  PageAnswer answer = Error(405, absl::UnimplementedError("nothing here takes this method; use " + allowed));
  answer.headers["Allow"] = allowed;
  return answer;
}

bool IsRead(const std::string& method) {
  return method == "GET" || method == "HEAD";
}

absl::StatusOr<std::set<JobState>> StatesOf(const std::string& text) {
  const auto& words = EnumWords<JobState>::kWords;
  std::set<JobState> states;
  for (const std::string& name : std::vector<std::string>(absl::StrSplit(text, ',', absl::SkipEmpty()))) {
    const auto* const word = std::find(std::begin(words), std::end(words), name);
    if (word == std::end(words))
      return InvalidFields({{"states", absl::StrCat("'", name,
                                                    "' is no state of a job; use some of queued, running, "
                                                    "cancelling, succeeded, failed, cancelled, expired")}});
    states.insert(static_cast<JobState>(word - std::begin(words)));
  }
  return states;
}

// Returns the answer with what keeps other pages from using it.
PageAnswer Guarded(PageAnswer answer) {
  answer.headers["Content-Security-Policy"] = kPolicy;
  answer.headers["X-Content-Type-Options"] = "nosniff";
  answer.headers["X-Frame-Options"] = "DENY";
  answer.headers["Referrer-Policy"] = "no-referrer";
  answer.headers["Cross-Origin-Opener-Policy"] = "same-origin";
  answer.headers["Cross-Origin-Resource-Policy"] = "same-origin";
  answer.headers["Cache-Control"] = "no-store";
  return answer;
}

// Returns what was asked for, as the log says it; a path may be as long as its sender likes.
std::string MethodOf(const PageRequest& request) {
  constexpr size_t kMostBytes = 128;
  return absl::StrCat(request.method, " ", request.path.substr(0, kMostBytes));
}

// Returns what Doorkeeper looks at; a header that came twice is empty here, and no credential.
std::optional<std::string_view> AuthorizationOf(const PageRequest& request) {
  const auto found = request.headers.find("authorization");
  return found == request.headers.end() ? std::nullopt : std::optional<std::string_view>(found->second);
}

}  // namespace

PageAnswer OperatorPage::Answer(const PageRequest& request) {
  if (IsOurHost(ValueOf(request.headers, "host")))
    return Guarded(Route(request));
  return Guarded(Refuse(request, ErrorWithReason(absl::StatusCode::kInvalidArgument,
                                                 "this page is of 127.0.0.1, localhost and [::1] only; open it by one "
                                                 "of these names",
                                                 kForeignHost)));
}

PageAnswer OperatorPage::AnswerToOther(int status) {
  return Guarded(
      Error(status, absl::InvalidArgumentError("the request is no HTTP, has a method that nothing here takes, or is "
                                               "too long; open the operator's page with a browser")));
}

PageAnswer OperatorPage::Refuse(const PageRequest& request, const absl::Status& why) const {
  parts_.on_refused(request.peer, MethodOf(request), why);
  return ErrorOf(why);
}

PageAnswer OperatorPage::Route(const PageRequest& request) {
  if (absl::StartsWith(request.path, "/api/"))
    return RouteApi(request);
  if (!IsRead(request.method))
    return WrongMethod("GET, HEAD");
  if (request.path == "/")
    return File("text/html; charset=utf-8", PageHtml());
  if (request.path == "/page.css")
    return File("text/css; charset=utf-8", PageCss());
  if (request.path == "/page.js")
    return File("text/javascript; charset=utf-8", PageJs());
  if (request.path == "/icon.svg")
    return File("image/svg+xml", PageIcon());
  return Error(404, absl::NotFoundError("there is no page of this name; the operator's page is /"));
}

PageAnswer OperatorPage::RouteApi(const PageRequest& request) {
  const bool is_change = request.method == "POST";
  if (!is_change && !IsRead(request.method))
    return WrongMethod("GET, HEAD, POST");
  if (!IsOurPage(request) || (is_change && !HasOrigin(request)))
    return Refuse(request, ErrorWithReason(absl::StatusCode::kPermissionDenied,
                                           "another page asks; only the operator's page itself may", kForeignPage));
  if (is_change && ValueOf(request.headers, "content-type") != kJson)
    return Error(415, absl::InvalidArgumentError("a change comes as application/json; send that Content-Type"));
  const absl::StatusOr<CallContext> admin = parts_.admit(AuthorizationOf(request), request.peer, MethodOf(request));
  if (!admin.ok())
    return ErrorOf(admin.status());
  PageAnswer answer = is_change ? AnswerOf(Change(request.path, {.principal = admin->principal,
                                                                 .tenant = admin->tenant,
                                                                 .peer = request.peer,
                                                                 .call_id = admin->call_id}))
                                : Read(request);
  answer.headers["X-Request-Id"] = admin->call_id;
  return answer;
}

PageAnswer OperatorPage::Read(const PageRequest& request) const {
  if (request.path == "/api/status")
    return AnswerOf(ToPageJson(parts_.administration->Status(/*most_tenants=*/0)));
  if (request.path == "/api/jobs")
    return AnswerOf(Jobs(request));
  absl::string_view id = request.path;
  if (absl::ConsumePrefix(&id, "/api/jobs/") && absl::ConsumeSuffix(&id, "/preview"))
    return Preview(std::string(id), request);
  return Error(404, absl::NotFoundError("there is nothing of this name to read"));
}

absl::StatusOr<std::string> OperatorPage::Jobs(const PageRequest& request) const {
  constexpr int kPageSize = 50;
  JobFilter filter;
  RUYI_ASSIGN_OR_RETURN(filter.states, StatesOf(ValueOf(request.query, "states")));
  RUYI_ASSIGN_OR_RETURN(const JobPage page,
                        parts_.administration->ListJobs(filter, kPageSize, ValueOf(request.query, "page_token")));
  return ToPageJson(page);
}

PageAnswer OperatorPage::Preview(const std::string& id, const PageRequest& request) const {
  const auto after = request.query.find("after");
  int64_t seen = 0;
  if (after != request.query.end() && (!absl::SimpleAtoi(after->second, &seen) || seen < 0))
    return ErrorOf(InvalidFields({{"after", "is no number of an entry of the log; use one of 0 or more"}}));
  absl::StatusOr<std::string> jpeg = PreviewAfter(id, seen);
  if (!jpeg.ok())
    return ErrorOf(jpeg.status());
  if (jpeg->empty())
    return {.status = 204, .type = "", .body = "", .headers = {}};
  return {.status = 200, .type = "image/jpeg", .body = *std::move(jpeg), .headers = {}};
}

// Returns the last preview among the entries of the log after `seen`, empty when there is none. It looks from the end
// backwards, for the last one lies near it.
absl::StatusOr<std::string> OperatorPage::PreviewAfter(const std::string& id, int64_t seen) const {
  constexpr int64_t kEntries = 64;
  RUYI_ASSIGN_OR_RETURN(const JobRecord job, parts_.jobs->Get(id));
  for (int64_t end = job.last_seq; end > seen;) {
    const int64_t begin = std::max(seen, end - kEntries);
    RUYI_ASSIGN_OR_RETURN(std::vector<LoggedEvent> log, parts_.jobs->Read(id, begin, static_cast<int>(end - begin)));
    for (auto entry = log.rbegin(); entry != log.rend(); ++entry) {
      if (auto* preview = std::get_if<JobPreview>(&entry->event))
        return std::move(preview->jpeg);
    }
    end = begin;
  }
  return "";
}

absl::StatusOr<std::string> OperatorPage::Change(const std::string& path, const AdminCaller& caller) {
  if (path == "/api/pause" || path == "/api/resume")
    RUYI_RETURN_IF_ERROR(parts_.administration->SetPaused(caller, path == "/api/pause").status());
  else if (path == "/api/drain")
    RUYI_RETURN_IF_ERROR(parts_.administration->Drain(caller, std::nullopt).status());
  else
    return absl::NotFoundError("there is nothing of this name to change");
  return "{}";
}

}  // namespace ruyi
