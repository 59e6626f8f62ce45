#include "client/retrier.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "tests/client/fake_waiter.h"
#include "tests/client/scripted_events.h"

namespace ruyi::client {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::StartsWith;

const grpc::Status kAway(grpc::UNAVAILABLE, "connection refused");
const grpc::Status kClosed(grpc::UNAVAILABLE,
                           "failed to connect to all addresses; last error: UNAVAILABLE: ipv4:127.0.0.1:1: Socket "
                           "closed");
const grpc::Status kUntrusted(grpc::UNAVAILABLE,
                              "failed to connect to all addresses; last error: UNKNOWN: ipv4:127.0.0.1:1: Ssl "
                              "handshake failed: SSL_ERROR_SSL: error:0A000086:SSL routines::certificate verify "
                              "failed");

class RetrierTest : public testing::Test {
 protected:
  Retrier Make(const Patience& patience) {
    Retrier retrier(&MayCallAgain, patience, &waiter_, &source_);
    retrier.SetNotice([this](const std::string& text) { notices_.push_back(text); });
    return retrier;
  }

  FakeWaiter waiter_;
  CancelSource source_;
  std::vector<std::string> notices_;
};

TEST_F(RetrierTest, SaysThatItWaits) {
  Retrier retrier = Make({.retry_for = absl::Seconds(600)});
  EXPECT_EQ(retrier.AfterFailure(kAway), Verdict::kAgain);
  EXPECT_EQ(waiter_.waits().size(), 1);
  EXPECT_THAT(notices_, ElementsAre("the server is away (connection refused); trying again in 1 s"));
}

TEST_F(RetrierTest, SaysWhatMayMendIt) {
  Retrier retrier = Make({.retry_for = absl::Seconds(600)});
  EXPECT_EQ(retrier.AfterFailure(kClosed), Verdict::kAgain);
  EXPECT_THAT(notices_, ElementsAre("the server closes each connection before it answers (Socket closed); it may want "
                                    "TLS (--tls-ca), or a certificate of this client that it trusts and that has not "
                                    "expired (--tls-cert, --tls-key); trying again in 1 s"));
}

TEST_F(RetrierTest, SaysNoRemedyOfAConnectionThatHasWorked) {
  Retrier retrier = Make({.retry_for = absl::Seconds(600)});
  retrier.AfterSuccess();
  EXPECT_EQ(retrier.AfterFailure(kClosed), Verdict::kAgain);
  EXPECT_THAT(notices_, ElementsAre("the server closes each connection before it answers (Socket closed); trying again "
                                    "in 1 s"));
}

TEST_F(RetrierTest, DoesNotWaitForWhatNoWaitingMends) {
  Retrier retrier = Make({.retry_for = absl::Seconds(600)});
  EXPECT_EQ(retrier.AfterFailure(kUntrusted), Verdict::kFinal);
  EXPECT_THAT(notices_, IsEmpty());
}

TEST_F(RetrierTest, TakesAFinalStatusAtOnce) {
  Retrier retrier = Make({.retry_for = absl::Seconds(600)});
  EXPECT_EQ(retrier.AfterFailure(grpc::Status(grpc::NOT_FOUND, "")), Verdict::kFinal);
  EXPECT_THAT(waiter_.waits(), IsEmpty());
  EXPECT_THAT(notices_, IsEmpty());
}

TEST_F(RetrierTest, GivesUpWhenNothingComes) {
  Retrier retrier = Make({.retry_for = absl::Seconds(600)});
  while (retrier.AfterFailure(kAway) == Verdict::kAgain) {
  }
  EXPECT_EQ(retrier.AfterFailure(kAway), Verdict::kGaveUp);
  EXPECT_EQ(waiter_.Now() - absl::UnixEpoch(), absl::Seconds(600));
}

TEST_F(RetrierTest, GoesOnWhenSomethingComes) {
  Retrier retrier = Make({.retry_for = absl::Seconds(10)});
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(retrier.AfterFailure(kAway), Verdict::kAgain);
    retrier.AfterSuccess();
  }
}

TEST_F(RetrierTest, NeverTriesAgainWhenItMayNot) {
  EXPECT_EQ(Make({}).AfterFailure(kAway), Verdict::kGaveUp);
}

TEST_F(RetrierTest, EndsAtTheDeadline) {
  Retrier retrier = Make({.retry_for = absl::Seconds(600), .deadline = waiter_.Now() + absl::Seconds(0.5)});
  EXPECT_EQ(retrier.AfterFailure(kAway), Verdict::kTimedOut);
  EXPECT_EQ(waiter_.Now() - absl::UnixEpoch(), absl::Seconds(0.5));
  EXPECT_THAT(notices_, IsEmpty());
  EXPECT_EQ(retrier.AfterFailure(grpc::Status(grpc::DEADLINE_EXCEEDED, "")), Verdict::kTimedOut);
}

TEST_F(RetrierTest, EndsWhenItIsCancelled) {
  Retrier retrier = Make({.retry_for = absl::Seconds(600)});
  waiter_.MeanwhileDo([this] { source_.Cancel(); });
  EXPECT_EQ(retrier.AfterFailure(kAway), Verdict::kCancelled);
  EXPECT_EQ(retrier.AfterFailure(kAway), Verdict::kCancelled);
  EXPECT_EQ(waiter_.waits().size(), 1);
}

TEST(FailureText, NamesWhatBroke) {
  EXPECT_EQ(FailureText(kAway), "the server is away (connection refused)");
  EXPECT_EQ(FailureText(grpc::Status(grpc::UNAVAILABLE, "")), "the server is away");
  EXPECT_THAT(FailureText(kUntrusted), StartsWith("the server's certificate is signed by none of those in --tls-ca"));
  EXPECT_EQ(FailureText(grpc::Status::OK), "the stream ended before the video did");
  EXPECT_EQ(FailureText(grpc::Status(grpc::INTERNAL, "RST_STREAM")), "the connection broke (RST_STREAM)");
  EXPECT_EQ(FailureText(ToGrpc(DetailedStatus(grpc::UNAVAILABLE, "it loads", "MODEL_LOADING"))),
            "the server says: it loads [MODEL_LOADING]");
}

}  // namespace
}  // namespace ruyi::client
