#include "core/http/curl_http_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/core/http/patient_options.h"
#include "tests/core/http/scripted_server.h"
#include "tests/support/status_matchers.h"

namespace ruyi {
namespace {

using absl::StatusCode;
using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

HttpRequest Get(const ScriptedServer& server) {
  return {.method = "GET", .url = server.url() + "/a%20b", .headers = {}, .body = {}};
}

TEST(CurlHttpClient, SendsHeadersAndBodyAsTheyAre) {
  std::string seen;
  ScriptedServer server([&seen](const std::string& request) {
    seen = request;
    return ScriptedServer::Reply{.bytes = "HTTP/1.1 201 Created\r\nETag: \"x\"\r\nContent-Length: 2\r\n\r\nok"};
  });
  CurlHttpClient client(PatientOptions());
  const std::string body(2 << 20, 'b');  // libcurl would wait for "100 Continue" with as much
  ASSERT_OK_AND_ASSIGN(const HttpResponse response,
                       client.Send({.method = "PUT",
                                    .url = server.url() + "/a%20b?x=",
                                    .headers = {{"host", "bucket.example"}, {"content-type", "text/x"}},
                                    .body = body}));
  EXPECT_EQ(response.status, 201);
  EXPECT_EQ(response.body, "ok");
  EXPECT_EQ(response.headers.at("etag"), "\"x\"");
  const std::string head = seen.substr(0, seen.size() - body.size());
  EXPECT_THAT(head, AllOf(StartsWith("PUT /a%20b?x= HTTP/1.1\r\n"), HasSubstr("\r\nHost: bucket.example\r\n"),
                          HasSubstr("\r\ncontent-type: text/x\r\n"), Not(HasSubstr("Expect:"))));
  EXPECT_TRUE(seen.substr(head.size()) == body);
}

TEST(CurlHttpClient, SendsNoBodyAfterARequestThatHadOne) {
  std::string seen;
  ScriptedServer server([&seen](const std::string& request) {
    seen = request;
    return ScriptedServer::Reply{.bytes = ScriptedServer::Ok("")};
  });
  CurlHttpClient client(PatientOptions());
  ASSERT_THAT(client.Send({.method = "PUT", .url = server.url(), .headers = {}, .body = "body"}), IsOk());
  for (const std::string method : {"GET", "DELETE"}) {
    ASSERT_THAT(client.Send({.method = method, .url = server.url(), .headers = {}, .body = {}}), IsOk());
    EXPECT_THAT(seen, AllOf(StartsWith(method + " / HTTP/1.1\r\n"), Not(HasSubstr("Content-Length"))));
  }
  ASSERT_THAT(client.Send({.method = "PUT", .url = server.url(), .headers = {}, .body = {}}), IsOk());
  EXPECT_THAT(seen, HasSubstr("\r\nContent-Length: 0\r\n"));
}

TEST(CurlHttpClient, KeepsItsConnection) {
  ScriptedServer server([](const std::string&) { return ScriptedServer::Reply{.bytes = ScriptedServer::Ok("x")}; });
  CurlHttpClient client(PatientOptions());
  for (int i = 0; i < 3; ++i)
    ASSERT_THAT(client.Send(Get(server)), IsOk());
  EXPECT_EQ(server.connections(), 1);
}

TEST(CurlHttpClient, SaysThatTheAnswerWasCutShort) {
  ScriptedServer server([](const std::string&) {
    return ScriptedServer::Reply{.bytes = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", .closes = true};
  });
  CurlHttpClient client(PatientOptions());
  EXPECT_THAT(client.Send(Get(server)), StatusIs(StatusCode::kUnavailable));
}

TEST(CurlHttpClient, SaysThatThereWasNoAnswer) {
  ScriptedServer server([](const std::string&) { return ScriptedServer::Reply{.bytes = "", .closes = true}; });
  CurlHttpClient client(PatientOptions());
  EXPECT_THAT(client.Send(Get(server)), StatusIs(StatusCode::kUnavailable));
}

TEST(CurlHttpClient, WaitsForAServerThatSaysNothingOnlySoLong) {
  ScriptedServer server([](const std::string&) { return ScriptedServer::Reply{}; });
  CurlHttpClient client({.stall_timeout = absl::Seconds(1)});
  EXPECT_THAT(client.Send(Get(server)), StatusIs(StatusCode::kUnavailable, HasSubstr("too slow")));
}

TEST(CurlHttpClient, FollowsNoRedirects) {
  ScriptedServer server([](const std::string&) {
    return ScriptedServer::Reply{.bytes = "HTTP/1.1 307 x\r\nLocation: http://elsewhere/\r\nContent-Length: 0\r\n\r\n"};
  });
  CurlHttpClient client(PatientOptions());
  EXPECT_EQ(client.Send(Get(server))->status, 307);
}

TEST(CurlHttpClient, SaysWhyItCannotConnect) {
  std::string url;
  {
    const ScriptedServer server([](const std::string&) { return ScriptedServer::Reply{}; });
    url = server.url();
  }
  CurlHttpClient client(PatientOptions());
  EXPECT_THAT(client.Send({.method = "GET", .url = url, .headers = {}, .body = {}}),
              StatusIs(StatusCode::kUnavailable, HasSubstr("Failed to connect")));
  EXPECT_THAT(client.Send({.method = "GET", .url = "file:///etc/passwd", .headers = {}, .body = {}}),
              StatusIs(StatusCode::kUnavailable));
}

}  // namespace
}  // namespace ruyi
