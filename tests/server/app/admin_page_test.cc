// The operator's page of a whole server.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/identity/failed_attempts.h"
#include "tests/server/admin_answer.h"
#include "tests/server/app/logged.h"
#include "tests/server/app/server_with_tokens.h"
#include "tests/server/caller_channel.h"
#include "tests/server/gate.h"
#include "tests/server/http_get.h"
#include "tests/server/test_request.h"
#include "tests/support/status_matchers.h"

namespace ruyi {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

class AdminPageTest : public ServerWithTokensTest {
 protected:
  // Jobs that the gate holds end with the server.
  ~AdminPageTest() override {
    gate_.Open();
    running_.reset();
  }

  std::string Get(const std::string& path, const std::string& token = "") {
    return HttpSend(running_->server().page_port(),
                    absl::StrCat("GET ", path, " HTTP/1.1\r\nHost: localhost\r\n", AuthorizationOf(token), "\r\n"));
  }

  std::string Post(const std::string& path, const std::string& token = "") {
    return HttpSend(running_->server().page_port(),
                    absl::StrCat("POST ", path, " HTTP/1.1\r\nHost: localhost\r\nOrigin: http://localhost\r\n",
                                 "Content-Type: application/json\r\n", AuthorizationOf(token), "\r\n"));
  }

  static std::string AuthorizationOf(const std::string& token) {
    return token.empty() ? "" : absl::StrCat("Authorization: Bearer ", token, "\r\n");
  }

  // The first job stops before its second step until the gate is open.
  void HoldJobs() {
    options_.pipeline.at_boundary = [this](Phase phase, int done) {
      if (phase == Phase::kDenoising && done == 1)
        gate_.Pass();
    };
  }

  Gate gate_;
};

TEST_F(AdminPageTest, ShowsTheServerToThisMachine) {
  Start();
  EXPECT_THAT(Get("/"), AllOf(StartsWith("HTTP/1.1 200 OK"), HasSubstr("<title>ruyi-server</title>")));
  EXPECT_THAT(Get("/api/status"), AllOf(HasSubstr("\"state\":\"serving\""), HasSubstr("\"device\":\"fake\"")));
  EXPECT_THAT(Get("/api/jobs"), HasSubstr("\"jobs\":[]"));
}

TEST_F(AdminPageTest, IsNotServedWhereThatIsSaid) {
  options_.server.admin_page = "";
  Start();
  EXPECT_EQ(running_->server().page_port(), 0);
}

TEST_F(AdminPageTest, AnswersWhileTheModelIsLoaded) {
  options_.awaits_loading = false;
  options_.on_load = [this] {
    gate_.Pass();
    return absl::OkStatus();
  };
  running_.emplace(options_);
  ASSERT_TRUE(gate_.AwaitReached());
  EXPECT_THAT(Get("/api/status"), HasSubstr("\"state\":\"loading\""));
  EXPECT_THAT(Post("/api/drain"), AllOf(StartsWith("HTTP/1.1 503 "), HasSubstr("MODEL_LOADING")));
  gate_.Open();
  EXPECT_THAT(running_->AwaitLoaded(), IsOk());
}

TEST_F(AdminPageTest, DrainsAndAnswersMeanwhile) {
  HoldJobs();
  Start();
  VideoCall call = running_->Call(SmallRequest());
  ASSERT_TRUE(gate_.AwaitReached());
  EXPECT_THAT(Post("/api/drain"), StartsWith("HTTP/1.1 200 OK"));
  EXPECT_TRUE(running_->drains().Await(1));
  EXPECT_EQ(running_->drain_patience(), options_.server.drain_timeout);
  EXPECT_THAT(Get("/api/status"), AllOf(HasSubstr("\"state\":\"draining\""), HasSubstr("\"running\":1")));
  gate_.Open();
  EXPECT_TRUE(call.Finish().ok());
}

TEST_F(AdminPageTest, ShowsAJobAsItIsMade) {
  HoldJobs();
  Start();
  VideoCall call = running_->Call(SmallRequest());
  ASSERT_TRUE(gate_.AwaitReached());
  EXPECT_THAT(
      Get("/api/jobs?states=running"),
      AllOf(HasSubstr("\"state\":\"running\""), HasSubstr("\"phase\":\"denoising\""), HasSubstr("\"plan_reason\":\"")));
  gate_.Open();
  EXPECT_TRUE(call.Finish().ok());
}

TEST_F(AdminPageTest, PausesTheQueueOfTheServer) {
  Start();
  EXPECT_THAT(Post("/api/pause"), StartsWith("HTTP/1.1 200 OK"));
  const auto status = [this] {
    return AskAdmin(running_->admin_channel(), &v1::AdminService::Stub::GetServerStatus, {}).response;
  };
  EXPECT_TRUE(status().queue().paused());
  EXPECT_THAT(Post("/api/resume"), StartsWith("HTTP/1.1 200 OK"));
  EXPECT_FALSE(status().queue().paused());
}

TEST_F(AdminPageTest, ChangesAreInTheLog) {
  StartWithTokens();
  std::string answer;
  const std::vector<nlohmann::json> lines = Logged("warning", [&] { answer = Post("/api/pause", admin_.text); });
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_EQ(lines[0]["event"], "admin_change");
  EXPECT_EQ(lines[0]["action"], "pause_queue");
  EXPECT_EQ(lines[0]["tenant"], "ops");
  EXPECT_EQ(lines[0]["peer"], "127.0.0.1");
  EXPECT_EQ(lines[0]["done"], true);
  EXPECT_THAT(answer, HasSubstr("\r\nX-Request-Id: " + lines[0]["call_id"].get<std::string>() + "\r\n"));
}

TEST_F(AdminPageTest, WhatOtherPagesTriedIsInTheLog) {
  StartWithTokens();
  const std::vector<nlohmann::json> lines = Logged("warning", [&] {
    for (int i = 0; i < 2 * FailedAttempts::kAttempts; ++i)
      EXPECT_THAT(HttpSend(running_->server().page_port(),
                           "POST /api/drain HTTP/1.1\r\nHost: localhost\r\nOrigin: http://evil.example\r\n\r\n"),
                  StartsWith("HTTP/1.1 403 "));
  });
  ASSERT_GE(lines.size(), 1u);
  EXPECT_LT(lines.size(), 2u * FailedAttempts::kAttempts) << "they do not flood the log";
  EXPECT_EQ(lines[0]["event"], "call_refused");
  EXPECT_EQ(lines[0]["peer"], "127.0.0.1");
  EXPECT_EQ(lines[0]["method"], "POST /api/drain");
  EXPECT_EQ(lines[0]["reason"], "FOREIGN_PAGE");
  EXPECT_THAT(running_->Metrics(), HasSubstr("ruyi_calls_unauthorized_total{reason=\"FOREIGN_PAGE\"} 20"));
}

TEST_F(AdminPageTest, AsksForATokenAsAdminServiceDoes) {
  StartWithTokens();
  EXPECT_THAT(Get("/"), StartsWith("HTTP/1.1 200 OK"));
  EXPECT_THAT(Get("/api/status"), AllOf(StartsWith("HTTP/1.1 401 "), HasSubstr("CREDENTIALS_MISSING")));
  EXPECT_THAT(Get("/api/status", "nonsense"), AllOf(StartsWith("HTTP/1.1 401 "), HasSubstr("CREDENTIALS_INVALID")));
  EXPECT_THAT(Get("/api/status", user_.text), AllOf(StartsWith("HTTP/1.1 403 "), HasSubstr("WRONG_ROLE")));
  EXPECT_THAT(Post("/api/pause", user_.text), StartsWith("HTTP/1.1 403 "));
  EXPECT_THAT(Get("/api/status", admin_.text), StartsWith("HTTP/1.1 200 OK"));
  EXPECT_THAT(running_->Metrics(), HasSubstr("ruyi_calls_unauthorized_total{reason=\"WRONG_ROLE\"} 2"));
}

TEST_F(AdminPageTest, WrongTokensCountForAllListenersTogether) {
  StartWithTokens();
  for (int i = 0; i < FailedAttempts::kAttempts; ++i)
    EXPECT_THAT(Get("/api/status", "nonsense"), StartsWith("HTTP/1.1 401 "));
  EXPECT_THAT(Get("/api/status", "nonsense"), AllOf(StartsWith("HTTP/1.1 429 "), HasSubstr("TOO_MANY_ATTEMPTS")));
  const auto channel = ConnectAs(running_->server().admin_port(), "nonsense");
  EXPECT_EQ(AskAdmin(channel, &v1::AdminService::Stub::GetServerStatus, {}).status.error_code(),
            grpc::StatusCode::RESOURCE_EXHAUSTED);
}

}  // namespace
}  // namespace ruyi
