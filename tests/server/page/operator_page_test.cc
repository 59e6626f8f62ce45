#include "server/page/operator_page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/error_info.h"
#include "core/base/error_reasons.h"
#include "tests/server/page/page_site.h"

namespace ruyi {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

PageRequest Get(const std::string& path, std::map<std::string, std::string> query = {}) {
  return {.method = "GET",
          .path = path,
          .query = std::move(query),
          .headers = {{"host", "127.0.0.1:50054"}},
          .peer = "127.0.0.1"};
}

PageRequest Post(const std::string& path) {
  PageRequest request = Get(path);
  request.method = "POST";
  request.headers["origin"] = "http://127.0.0.1:50054";
  request.headers["content-type"] = "application/json";
  return request;
}

PageRequest With(PageRequest request, const std::string& header, const std::string& value) {
  request.headers[header] = value;
  return request;
}

class OperatorPageTest : public testing::Test {
 protected:
  int StatusOf(const PageRequest& request) { return page_.Answer(request).status; }

  json Body(const PageRequest& request) {
    const PageAnswer answer = page_.Answer(request);
    EXPECT_EQ(answer.status, 200) << answer.body;
    EXPECT_EQ(answer.type, "application/json");
    return json::parse(answer.body);
  }

  PageSite site_;
  OperatorPage page_{site_.parts()};
};

TEST_F(OperatorPageTest, GivesItsFiles) {
  const PageAnswer page = page_.Answer(Get("/"));
  EXPECT_EQ(page.status, 200);
  EXPECT_EQ(page.type, "text/html; charset=utf-8");
  EXPECT_THAT(page.body, StartsWith("<!DOCTYPE html>"));
  EXPECT_THAT(page_.Answer(Get("/page.css")).body, HasSubstr("prefers-color-scheme: dark"));
  EXPECT_EQ(page_.Answer(Get("/page.css")).type, "text/css; charset=utf-8");
  EXPECT_THAT(page_.Answer(Get("/page.js")).body, HasSubstr("\"use strict\""));
  EXPECT_EQ(page_.Answer(Get("/page.js")).type, "text/javascript; charset=utf-8");
  EXPECT_THAT(page_.Answer(Get("/icon.svg")).body, StartsWith("<svg"));
  EXPECT_EQ(page_.Answer(Get("/icon.svg")).type, "image/svg+xml");
  EXPECT_THAT(site_.credentials, IsEmpty()) << "they tell nothing of the server";
}

// The policy would keep both from running; then the page would not work.
TEST_F(OperatorPageTest, ItsFilesHaveNoInlineScriptAndNameNoOtherHost) {
  const std::string html = page_.Answer(Get("/")).body;
  EXPECT_THAT(html, AllOf(Not(HasSubstr("<style")), Not(HasSubstr("style=")), Not(HasSubstr("onclick")),
                          Not(HasSubstr("<script>"))));
  for (const char* path : {"/", "/page.css", "/page.js"})
    EXPECT_THAT(page_.Answer(Get(path)).body, Not(HasSubstr("//cdn"))) << path;
  EXPECT_THAT(page_.Answer(Get("/page.js")).body, AllOf(Not(HasSubstr("innerHTML")), Not(HasSubstr("http"))));
}

TEST_F(OperatorPageTest, EveryAnswerKeepsOtherPagesOut) {
  for (const PageRequest& request :
       {Get("/"), Get("/api/status"), Get("/none"), Post("/api/pause"), With(Get("/"), "host", "evil.example")}) {
    const PageAnswer answer = page_.Answer(request);
    EXPECT_THAT(answer.headers.at("Content-Security-Policy"),
                AllOf(StartsWith("default-src 'none'; script-src 'self'"), HasSubstr("frame-ancestors 'none'"),
                      Not(HasSubstr("unsafe"))));
    EXPECT_EQ(answer.headers.at("X-Content-Type-Options"), "nosniff");
    EXPECT_EQ(answer.headers.at("X-Frame-Options"), "DENY");
    EXPECT_EQ(answer.headers.at("Referrer-Policy"), "no-referrer");
    EXPECT_EQ(answer.headers.at("Cross-Origin-Opener-Policy"), "same-origin");
    EXPECT_EQ(answer.headers.at("Cross-Origin-Resource-Policy"), "same-origin");
    EXPECT_EQ(answer.headers.at("Cache-Control"), "no-store");
  }
}

TEST_F(OperatorPageTest, AnswersToNamesOfThisMachineAlone) {
  for (const char* host : {"127.0.0.1", "127.0.0.1:1", "localhost", "localhost:8080", "[::1]", "[::1]:9000"})
    EXPECT_EQ(StatusOf(With(Get("/api/status"), "host", host)), 200) << host;
  for (const char* host : {"", "evil.example", "evil.example:50054", "127.0.0.1.evil.example", "localhost.evil.example",
                           "localhostx", "127.0.0.2", "::1", "[::2]:1", "[::1].evil.example", "[::1]x:1", "0.0.0.0"}) {
    EXPECT_EQ(StatusOf(With(Get("/"), "host", host)), 400) << host;
    EXPECT_EQ(StatusOf(With(Get("/api/status"), "host", host)), 400) << host;
  }
  PageRequest without = Get("/");
  without.headers.clear();
  EXPECT_EQ(StatusOf(without), 400);
}

TEST_F(OperatorPageTest, OtherPagesMayReadNothing) {
  for (const char* site : {"cross-site", "same-site", ""})
    EXPECT_EQ(StatusOf(With(Get("/api/status"), "sec-fetch-site", site)), 403) << site;
  for (const char* origin : {"http://evil.example", "null", "", "http://localhost:50054", "https://127.0.0.1:50054"})
    EXPECT_EQ(StatusOf(With(Get("/api/jobs"), "origin", origin)), 403) << origin;
  EXPECT_THAT(site_.credentials, IsEmpty()) << "no attempt of the operator's is counted for them";
  EXPECT_EQ(StatusOf(With(Get("/api/status"), "sec-fetch-site", "same-origin")), 200);
  EXPECT_EQ(StatusOf(With(Get("/api/status"), "sec-fetch-site", "none")), 200);
  EXPECT_EQ(StatusOf(With(Get("/api/status"), "origin", "http://127.0.0.1:50054")), 200);
  EXPECT_EQ(StatusOf(With(Get("/"), "sec-fetch-site", "cross-site")), 200) << "a link may lead here";
}

TEST_F(OperatorPageTest, OtherPagesMayChangeNothing) {
  PageRequest without = Post("/api/pause");
  without.headers.erase("origin");
  EXPECT_EQ(StatusOf(without), 403);
  EXPECT_EQ(StatusOf(With(Post("/api/pause"), "origin", "http://evil.example")), 403);
  EXPECT_EQ(StatusOf(With(Post("/api/pause"), "sec-fetch-site", "cross-site")), 403);
  for (const char* type : {"", "text/plain", "application/x-www-form-urlencoded"})
    EXPECT_EQ(StatusOf(With(Post("/api/pause"), "content-type", type)), 415) << type;
  EXPECT_THAT(site_.changes, IsEmpty());
  EXPECT_THAT(site_.credentials, IsEmpty());
}

TEST_F(OperatorPageTest, TellsWhatOtherPagesTried) {
  page_.Answer(With(Post("/api/drain"), "origin", "http://evil.example"));
  page_.Answer(With(Get("/api/status"), "sec-fetch-site", "cross-site"));
  page_.Answer(With(Get("/" + std::string(8000, 'x')), "host", "evil.example"));
  EXPECT_THAT(site_.refusals,
              ElementsAre("127.0.0.1 POST /api/drain FOREIGN_PAGE", "127.0.0.1 GET /api/status FOREIGN_PAGE",
                          "127.0.0.1 GET /" + std::string(127, 'x') + " FOREIGN_HOST"));
}

TEST_F(OperatorPageTest, ShowsTheDoorkeeperWhatIsAskedFor) {
  page_.Answer(Post("/api/pause"));
  page_.Answer(Get("/api/jobs", {{"states", "failed"}}));
  EXPECT_THAT(site_.methods, ElementsAre("POST /api/pause", "GET /api/jobs"));
  EXPECT_THAT(site_.refusals, IsEmpty());
}

TEST_F(OperatorPageTest, OtherMethodsAreRefused) {
  for (const char* method : {"PUT", "DELETE", "OPTIONS", "PATCH", "TRACE"}) {
    PageRequest request = Get("/api/status");
    request.method = method;
    EXPECT_EQ(StatusOf(request), 405) << method;
    EXPECT_EQ(page_.Answer(request).headers.at("Allow"), "GET, HEAD, POST");
    request.path = "/";
    EXPECT_EQ(StatusOf(request), 405) << method;
  }
  EXPECT_EQ(StatusOf(Post("/")), 405);
  EXPECT_EQ(page_.Answer(Post("/")).headers.at("Allow"), "GET, HEAD");
}

TEST_F(OperatorPageTest, HeadIsAnsweredAsGet) {
  for (const char* path : {"/", "/api/status"}) {
    PageRequest head = Get(path);
    head.method = "HEAD";
    EXPECT_EQ(page_.Answer(head).status, 200);
    EXPECT_EQ(page_.Answer(head).type, page_.Answer(Get(path)).type);
  }
}

TEST_F(OperatorPageTest, ThereIsNothingElse) {
  for (const char* path : {"/index.html", "/api", "/api/", "/api/none", "/api/jobs/", "/api/jobs/x", "/../page.js"})
    EXPECT_EQ(StatusOf(Get(path)), 404) << path;
  EXPECT_EQ(StatusOf(Post("/api/status")), 404);
  EXPECT_EQ(StatusOf(Get("/api/pause")), 404);
}

TEST_F(OperatorPageTest, AsksWhoCalls) {
  EXPECT_EQ(page_.Answer(Get("/api/status")).headers.at("X-Request-Id"), "c1");
  StatusOf(With(Post("/api/pause"), "authorization", "Bearer t"));
  EXPECT_THAT(site_.credentials, ElementsAre("none from 127.0.0.1", "Bearer t from 127.0.0.1"));
}

TEST_F(OperatorPageTest, WhoIsNotLetInSeesAndChangesNothing) {
  const std::vector<std::pair<absl::StatusCode, int>> ends = {{absl::StatusCode::kUnauthenticated, 401},
                                                              {absl::StatusCode::kPermissionDenied, 403}};
  for (const auto& [code, status] : ends) {
    site_.admits = ErrorWithReason(code, "not you", reason::kWrongRole);
    for (const PageRequest& request : {Get("/api/status"), Get("/api/jobs"), Get("/api/jobs/x/preview"),
                                       Get("/api/none"), Post("/api/pause"), Post("/api/resume"), Post("/api/drain")}) {
      const PageAnswer answer = page_.Answer(request);
      EXPECT_EQ(answer.status, status) << request.path;
      EXPECT_EQ(json::parse(answer.body), json({{"message", "not you"}, {"reason", "WRONG_ROLE"}}));
    }
  }
  EXPECT_THAT(site_.changes, IsEmpty());
}

TEST_F(OperatorPageTest, SaysHowLongToWaitAfterTooManyAttempts) {
  site_.admits = WithErrorInfo(absl::ResourceExhaustedError("too many"),
                               {.reason = std::string(reason::kTooManyAttempts), .retry_delay = absl::Seconds(6)});
  const PageAnswer answer = page_.Answer(Get("/api/status"));
  EXPECT_EQ(answer.status, 429);
  EXPECT_EQ(json::parse(answer.body)["retry_s"], 6);
}

TEST_F(OperatorPageTest, ShowsTheServer) {
  site_.CreateJob();
  site_.CreateJob();
  const Lease lease = site_.StartJob();
  site_.workers[0].available.device_bytes = BytesOfMib(900);
  site_.workers[0].budget_bytes = BytesOfMib(1000);
  const json status = Body(Get("/api/status"));
  EXPECT_EQ(status["state"], "serving");
  EXPECT_EQ(status["model"], "tiny");
  EXPECT_EQ(status["build"], "1.2.3");
  EXPECT_EQ(status["queue"]["waiting"], 1);
  EXPECT_EQ(status["queue"]["running"], 1);
  EXPECT_EQ(status["queue"]["paused"], false);
  EXPECT_EQ(status["queue"]["capacity"], 4);
  EXPECT_EQ(status["workers"][0], json({{"name", "worker-0"},
                                        {"device", "cuda:0"},
                                        {"job", lease.job_id},
                                        {"available_mib", 900},
                                        {"budget_mib", 1000}}));
  EXPECT_EQ(status["job_store"], "");
  EXPECT_EQ(status["artifact_store"], "");
}

TEST_F(OperatorPageTest, SaysInWhichStateTheServerIs) {
  const std::vector<std::pair<ServerState, std::string>> words = {{ServerState::kLoading, "loading"},
                                                                  {ServerState::kServing, "serving"},
                                                                  {ServerState::kDraining, "draining"},
                                                                  {ServerState::kFailed, "failed"}};
  for (const auto& [state, word] : words) {
    site_.state = state;
    EXPECT_EQ(Body(Get("/api/status"))["state"], word);
  }
}

TEST_F(OperatorPageTest, SaysThatAStoreIsAway) {
  site_.jobs().SetAway(true);
  const json status = Body(Get("/api/status"));
  EXPECT_THAT(status["job_store"].get<std::string>(), HasSubstr("the database is away"));
  EXPECT_FALSE(status.contains("queue"));
  EXPECT_EQ(StatusOf(Get("/api/jobs")), 503);
  EXPECT_EQ(StatusOf(Get("/api/jobs/x/preview")), 503);
  EXPECT_EQ(StatusOf(Post("/api/pause")), 503);
}

TEST_F(OperatorPageTest, ShowsJobs) {
  const std::string waiting = site_.CreateJob({{"shot", "<script>"}});
  const json jobs = Body(Get("/api/jobs"))["jobs"];
  ASSERT_EQ(jobs.size(), 1u);
  EXPECT_EQ(jobs[0]["id"], waiting);
  EXPECT_EQ(jobs[0]["state"], "queued");
  EXPECT_EQ(jobs[0]["priority"], "normal");
  EXPECT_EQ(jobs[0]["tenant"], "default");
  EXPECT_EQ(jobs[0]["labels"]["shot"], "<script>");
  EXPECT_EQ(jobs[0]["width"], 64);
  EXPECT_EQ(jobs[0]["has_previews"], true);
  EXPECT_FALSE(jobs[0].contains("progress"));
  const Lease lease = site_.StartJob();
  site_.Append(lease, JobProgress{.progress = {.phase = Phase::kDenoising, .done = 2, .total = 3}});
  const json running = Body(Get("/api/jobs"))["jobs"][0];
  EXPECT_EQ(running["state"], "running");
  EXPECT_EQ(running["progress"], json({{"phase", "denoising"}, {"done", 2}, {"total", 3}}));
}

TEST_F(OperatorPageTest, ShowsOnlyJobsInTheStatesThatAreAskedFor) {
  site_.CreateJob();
  EXPECT_EQ(Body(Get("/api/jobs", {{"states", "queued,running"}}))["jobs"].size(), 1u);
  EXPECT_EQ(Body(Get("/api/jobs", {{"states", "failed"}}))["jobs"].size(), 0u);
  const PageAnswer wrong = page_.Answer(Get("/api/jobs", {{"states", "asleep"}}));
  EXPECT_EQ(wrong.status, 400);
  EXPECT_THAT(wrong.body, HasSubstr("'asleep' is no state"));
}

TEST_F(OperatorPageTest, ShowsJobsInPagesOfFifty) {
  for (int i = 0; i < 51; ++i)
    site_.CreateJob();
  const json newest = Body(Get("/api/jobs"));
  EXPECT_EQ(newest["jobs"].size(), 50u);
  const json older = Body(Get("/api/jobs", {{"page_token", newest["next_page_token"]}}));
  EXPECT_EQ(older["jobs"].size(), 1u);
  EXPECT_EQ(older["next_page_token"], "");
  EXPECT_EQ(StatusOf(Get("/api/jobs", {{"page_token", "none of ours"}})), 400);
}

TEST_F(OperatorPageTest, GivesTheLastPreviewOfAJob) {
  const std::string id = site_.CreateJob();
  const std::string path = absl::StrCat("/api/jobs/", id, "/preview");
  EXPECT_EQ(StatusOf(Get(path)), 204) << "there is none yet";
  const Lease lease = site_.StartJob();
  site_.Append(lease, JobPreview{.step = 1, .jpeg = "first"});
  site_.Append(lease, JobPreview{.step = 2, .jpeg = "second"});
  for (int done = 0; done < 100; ++done)
    site_.Append(lease, JobProgress{.progress = {.phase = Phase::kDecoding, .done = done, .total = 100}});
  const PageAnswer answer = page_.Answer(Get(path));
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.type, "image/jpeg");
  EXPECT_EQ(answer.body, "second");
}

TEST_F(OperatorPageTest, GivesAPreviewOnlyOnce) {
  const std::string id = site_.CreateJob();
  const std::string path = absl::StrCat("/api/jobs/", id, "/preview");
  const Lease lease = site_.StartJob();
  site_.Append(lease, JobPreview{.step = 1, .jpeg = "first"});
  const std::string seen = absl::StrCat(site_.jobs().Get(id)->last_seq);
  const PageAnswer none = page_.Answer(Get(path, {{"after", seen}}));
  EXPECT_EQ(none.status, 204);
  EXPECT_EQ(none.body, "");
  site_.Append(lease, JobPreview{.step = 2, .jpeg = "second"});
  EXPECT_EQ(page_.Answer(Get(path, {{"after", seen}})).body, "second");
}

TEST_F(OperatorPageTest, SaysWhatIsWrongWithARequestForAPreview) {
  EXPECT_EQ(StatusOf(Get("/api/jobs/none/preview")), 404);
  for (const char* after : {"x", "-1", "", "99999999999999999999"})
    EXPECT_EQ(StatusOf(Get("/api/jobs/none/preview", {{"after", after}})), 400) << after;
}

TEST_F(OperatorPageTest, PausesAndResumesTheQueue) {
  EXPECT_EQ(StatusOf(Post("/api/pause")), 200);
  EXPECT_TRUE(site_.jobs().Counts()->paused);
  EXPECT_EQ(StatusOf(Post("/api/resume")), 200);
  EXPECT_FALSE(site_.jobs().Counts()->paused);
  ASSERT_EQ(site_.changes.size(), 2u);
  EXPECT_EQ(site_.changes[0].action, "pause_queue");
  EXPECT_EQ(site_.changes[1].action, "resume_queue");
  const AdminCaller& by = site_.changes[0].by;
  EXPECT_THAT((std::vector<std::string>{by.principal, by.tenant, by.peer, by.call_id}),
              ElementsAre("ana", "ops", "127.0.0.1", "c1"));
}

TEST_F(OperatorPageTest, DrainsTheServer) {
  EXPECT_EQ(StatusOf(Post("/api/drain")), 200);
  EXPECT_THAT(site_.drains, ElementsAre(absl::Seconds(30)));
  ASSERT_EQ(site_.changes.size(), 1u);
  EXPECT_EQ(site_.changes[0].action, "drain");
  site_.state = ServerState::kLoading;
  const PageAnswer loading = page_.Answer(Post("/api/drain"));
  EXPECT_EQ(loading.status, 503);
  EXPECT_EQ(json::parse(loading.body)["reason"], "MODEL_LOADING");
}

TEST_F(OperatorPageTest, AnythingElseThatFailsIsAFaultOfTheServer) {
  site_.admits = absl::InternalError("broken");
  EXPECT_EQ(StatusOf(Get("/api/status")), 500);
}

}  // namespace
}  // namespace ruyi
