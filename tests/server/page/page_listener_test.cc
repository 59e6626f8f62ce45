#include "server/page/page_listener.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <list>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "server/app/ticker.h"
#include "tests/server/http_get.h"
#include "tests/server/page/page_site.h"
#include "tests/support/status_matchers.h"

namespace ruyi {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

constexpr char kAnyPort[] = "127.0.0.1:0";

class PageListenerTest : public testing::Test {
 protected:
  PageListenerTest() : listener_(*PageListener::Start(kAnyPort, site_.parts())) {}
  ~PageListenerTest() override { End(); }

  // The library looks every two seconds whether it is to end, and whenever someone connects.
  void End() {
    if (listener_ == nullptr)
      return;
    const Ticker connecting(absl::Milliseconds(5), [port = listener_->port()] { Knock(port); });
    listener_.reset();
  }

  std::string Send(const std::string& first_line, const std::string& headers = "", const std::string& body = "") {
    return HttpSend(listener_->port(),
                    absl::StrCat(first_line, " HTTP/1.1\r\nHost: localhost\r\n", headers, "\r\n", body));
  }

  PageSite site_;
  std::unique_ptr<PageListener> listener_;
};

TEST_F(PageListenerTest, AnswersOverHttp) {
  EXPECT_THAT(Send("GET /"),
              AllOf(StartsWith("HTTP/1.1 200 OK\r\n"), HasSubstr("\r\nConnection: close\r\n"),
                    HasSubstr("\r\nContent-Type: text/html; charset=utf-8\r\n"),
                    HasSubstr("\r\nContent-Security-Policy: default-src 'none'"), EndsWith("</html>\n")));
  EXPECT_THAT(Send("GET /api/status"),
              AllOf(HasSubstr("\r\nX-Request-Id: c1\r\n"), HasSubstr("\"state\":\"serving\"")));
  EXPECT_THAT(Send("GET /none"), StartsWith("HTTP/1.1 404 Not Found\r\n"));
}

TEST_F(PageListenerTest, CarriesQueriesHeadersAndTheAddressOfTheCaller) {
  EXPECT_THAT(Send("GET /api/jobs?states=as%6Ceep%20now"), HasSubstr("'asleep now' is no state"));
  EXPECT_THAT(Send("GET /api/jobs?states"), StartsWith("HTTP/1.1 200 OK"));
  Send("GET /api/status", "AUTHORIZATION: Bearer t\r\n");
  EXPECT_EQ(site_.credentials.back(), "Bearer t from 127.0.0.1");
}

TEST_F(PageListenerTest, AHeaderThatComesTwiceIsNone) {
  Send("GET /api/status", "Authorization: Bearer t\r\nAuthorization: Bearer u\r\n");
  EXPECT_THAT(site_.credentials, ElementsAre(" from 127.0.0.1"));
  EXPECT_THAT(Send("GET /", "Host: evil.example\r\n"), StartsWith("HTTP/1.1 400 "));
}

TEST_F(PageListenerTest, MakesChanges) {
  const std::string headers = "Origin: http://localhost\r\nContent-Type: application/json\r\nContent-Length: 2\r\n";
  EXPECT_THAT(Send("POST /api/pause", headers, "{}"), StartsWith("HTTP/1.1 200 OK"));
  EXPECT_TRUE(site_.jobs().Counts()->paused);
  EXPECT_EQ(site_.changes.at(0).by.peer, "127.0.0.1");
}

TEST_F(PageListenerTest, WaitsForNoBody) {
  const std::string headers =
      "Origin: http://localhost\r\nContent-Type: application/json\r\nContent-Length: 1000000000\r\n";
  EXPECT_THAT(Send("POST /api/pause", headers, "{}"), StartsWith("HTTP/1.1 200 OK"));
}

TEST_F(PageListenerTest, HeadHasNoBody) {
  EXPECT_THAT(Send("HEAD /"), AllOf(StartsWith("HTTP/1.1 200 OK"), HasSubstr("\r\nContent-Length: "),
                                    Not(HasSubstr("\r\nContent-Length: 0")), EndsWith("\r\n\r\n")));
}

TEST_F(PageListenerTest, OtherMethodsReachThePageToo) {
  for (const char* method : {"PUT", "DELETE", "OPTIONS", "PATCH"})
    EXPECT_THAT(Send(absl::StrCat(method, " /")),
                AllOf(StartsWith("HTTP/1.1 405 "), HasSubstr("\r\nAllow: GET, HEAD\r\n")))
        << method;
}

TEST_F(PageListenerTest, ABusyPortIsAnError) {
  const std::string address = absl::StrCat("127.0.0.1:", listener_->port());
  EXPECT_THAT(PageListener::Start(address, site_.parts()).status(),
              StatusIs(absl::StatusCode::kUnavailable, HasSubstr("cannot listen on " + address)));
}

TEST_F(PageListenerTest, WhatIsTooLongOrNoHttpIsNotCarried) {
  const std::string large = Send("GET /api/status", "X-Large: " + std::string(10'000, 'x') + "\r\n");
  EXPECT_THAT(large, Not(HasSubstr(" 200 ")));
  EXPECT_THAT(HttpSend(listener_->port(), "no HTTP at all\r\n\r\n"), Not(HasSubstr(" 200 ")));
  EXPECT_THAT(site_.credentials, IsEmpty());
}

TEST_F(PageListenerTest, WhatTheLibraryRefusesKeepsOtherPagesOutToo) {
  const std::string trace = Send("TRACE /");
  EXPECT_THAT(trace, StartsWith("HTTP/1.1 4"));
  const std::string large = Send("GET /", "X-Large: " + std::string(8200, 'x') + "\r\n");
  EXPECT_THAT(large, StartsWith("HTTP/1.1 4"));
  const std::string none = HttpSend(listener_->port(), "no HTTP at all\r\n\r\n");
  EXPECT_THAT(none, StartsWith("HTTP/1.1 4"));
  for (const std::string& answer : {trace, large, none}) {
    EXPECT_THAT(answer,
                AllOf(HasSubstr("\r\nContent-Security-Policy: default-src 'none'"),
                      HasSubstr("\r\nX-Content-Type-Options: nosniff\r\n"), HasSubstr("\r\nX-Frame-Options: DENY\r\n"),
                      HasSubstr("\r\nCache-Control: no-store\r\n"), HasSubstr("\r\nConnection: close\r\n"),
                      HasSubstr("\r\nContent-Type: application/json\r\n"), EndsWith("}")));
  }
}

TEST_F(PageListenerTest, ClientsThatSayNothingDoNotKeepOthersOut) {
  std::list<HttpConnection> slow;  // more than there are threads
  for (int i = 0; i < 12; ++i) {
    slow.emplace_back(listener_->port());
    ASSERT_TRUE(slow.back().Send("GET / HTT"));
  }
  EXPECT_THAT(Send("GET /page.css"), StartsWith("HTTP/1.1 200 OK"));
}

TEST_F(PageListenerTest, EndsWhileAClientSaysNothing) {
  HttpConnection slow(listener_->port());
  ASSERT_TRUE(slow.Send("GET / HTT"));
  EXPECT_THAT(Send("GET /page.css"), StartsWith("HTTP/1.1 200 OK"));
  const int port = listener_->port();
  End();
  EXPECT_EQ(slow.ReadAll(), "");
  EXPECT_EQ(HttpGet(port, "/"), "") << "nobody listens any more";
}

// As the request to drain does where nothing is being made.
TEST_F(PageListenerTest, AnswersTheRequestThatEndsTheServer) {
  for (int i = 0; i < 5; ++i) {
    End();
    OperatorPage::Parts parts = site_.parts();
    parts.admit = [this, admit = parts.admit](std::optional<std::string_view> authorization, const std::string& peer,
                                              const std::string& method) {
      listener_->End();
      return admit(authorization, peer, method);
    };
    listener_ = *PageListener::Start(kAnyPort, std::move(parts));
    EXPECT_THAT(Send("GET /api/status"), StartsWith("HTTP/1.1 200 OK"));
  }
}

TEST_F(PageListenerTest, TakesNothingOnceItIsToEnd) {
  listener_->End();
  listener_->End();
  End();
}

}  // namespace
}  // namespace ruyi
