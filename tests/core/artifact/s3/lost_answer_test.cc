// Lets each request of a story fail, in turn: before the server has seen it, or after the server has done it. Whatever
// was lost, calls that are made again come to the same end.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "absl/strings/str_cat.h"
#include "core/digest/sha256.h"
#include "tests/core/artifact/artifact_store_conformance.h"
#include "tests/core/artifact/s3/s3_place.h"
#include "tests/core/http/hooked_http_client.h"
#include "tests/support/fake_clock.h"
#include "tests/support/status_matchers.h"

namespace ruyi {
namespace {

using testing::IsEmpty;

struct Fault {
  int first = 0;           // number of the first request that fails, from 1
  int count = 1;           // of requests in a row
  bool is_answer = false;  // only the answer is lost
};

// Counts requests, and fails some.
class FaultyNetwork {
 public:
  explicit FaultyNetwork(const Fault& fault) : fault_(fault) {}

  std::unique_ptr<HttpClient> MakeClient() {
    return std::make_unique<HookedHttpClient>(
        [this](const HttpRequest& request, HttpClient& real) { return Send(request, real); });
  }

  bool was_reached() const { return requests_ >= fault_.first; }

 private:
  absl::StatusOr<HttpResponse> Send(const HttpRequest& request, HttpClient& real) {
    ++requests_;
    const bool fails = requests_ >= fault_.first && requests_ < fault_.first + fault_.count;
    if (!fails)
      return real.Send(request);
    if (fault_.is_answer)
      real.Send(request).IgnoreError();
    return absl::UnavailableError("the test cut the connection");
  }

  const Fault fault_;
  int requests_ = 0;
};

// Makes a call until it does not end with UNAVAILABLE.
template <typename Call>
auto Persist(const Call& call) {
  auto result = call();
  while (absl::IsUnavailable(StatusOf(result)))
    result = call();
  return result;
}

void WriteAndRead(ArtifactStore& store) {
  ASSERT_OK_AND_ASSIGN(const auto writer, Persist([&] { return store.OpenResult("job", 1); }));
  for (const std::string& text : {std::string("begin"), std::string(" and "), std::string("end")})
    ASSERT_THAT(Persist([&] { return WriteText(*writer, text); }), IsOk());
  EXPECT_EQ(*Persist([&] { return ReadAll(store, "job"); }), "begin and end");
  ASSERT_OK_AND_ASSIGN(const FileDigest digest, Persist([&] { return writer->Seal(); }));
  EXPECT_EQ(digest, DigestOf("begin and end"));
}

void GoOnWithAnEarlierAttempt(ArtifactStore& store) {
  ASSERT_OK_AND_ASSIGN(const auto first, Persist([&] { return store.OpenResult("job", 1); }));
  ASSERT_THAT(Persist([&] { return WriteText(*first, "begin"); }), IsOk());
  ASSERT_OK_AND_ASSIGN(const auto second, Persist([&] { return store.OpenResult("job", 2); }));
  EXPECT_THAT(Persist([&] { return WriteText(*first, " and end"); }), HasReason("LEASE_LOST"));
  ASSERT_THAT(Persist([&] { return WriteText(*second, "begin and end"); }), IsOk());
  ASSERT_THAT(Persist([&] { return second->Seal(); }), IsOk());
}

void ShareAndDelete(ArtifactStore& store) {
  WriteAndRead(store);
  ASSERT_THAT(Persist([&] { return store.ShareResult("job", "other"); }), IsOk());
  ASSERT_THAT(Persist([&] { return store.DeleteResult("job"); }), IsOk());
  EXPECT_THAT(Persist([&] { return store.StatResult("job"); }), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_EQ(*Persist([&] { return ReadAll(store, "other"); }), "begin and end");
}

void PutTwice(ArtifactStore& store) {
  for (int i = 0; i < 2; ++i) {
    ASSERT_OK_AND_ASSIGN(const std::string sha256, Persist([&] { return store.PutBlob("a blob"); }));
    EXPECT_EQ(*Persist([&] { return store.ReadBlob(sha256); }), "a blob");
    EXPECT_EQ(Persist([&] { return store.StatBlob(sha256); })->size_bytes, 6);
  }
  ASSERT_THAT(Persist([&] { return store.DeleteBlob(Sha256Hex("a blob")); }), IsOk());
  EXPECT_THAT(Persist([&] { return store.StatBlob(Sha256Hex("a blob")); }), StatusIs(absl::StatusCode::kNotFound));
}

// Tells the story, and deletes and sweeps. Returns whether the fault came.
bool Tell(const std::function<void(ArtifactStore&)>& story, const Fault& fault) {
  const S3Place place;
  const FakeClock clock;
  FaultyNetwork network(fault);
  const auto plain = place.Open(clock, {.sweep_interval = absl::ZeroDuration()});
  const auto store = place.Open(clock, {.sweep_interval = absl::ZeroDuration()}, network.MakeClient());
  story(*store);
  const std::vector<std::string> ids = *plain->ResultIds();
  for (const std::string& id : ids) {
    EXPECT_EQ(*ReadAll(*plain, id), "begin and end");
    EXPECT_TRUE(plain->StatResult(id)->is_sealed);
    EXPECT_THAT(plain->DeleteResult(id), IsOk());
  }
  EXPECT_THAT(plain->SweepBlobs({}), IsOk());
  EXPECT_THAT(*place.objects().List(""), IsEmpty()) << "something was left behind";
  EXPECT_EQ(*plain->UsedBytes(), 0);
  return network.was_reached();
}

// `count` failures in a row are sent again by the client up to three; more are up to the caller.
void TellWithEachFault(const std::function<void(ArtifactStore&)>& story, int count) {
  constexpr int kRequestsOfOpen = 6;
  for (const bool is_answer : {false, true}) {
    Fault fault = {.first = kRequestsOfOpen + 1, .count = count, .is_answer = is_answer};
    for (; !testing::Test::HasFailure() && Tell(story, fault); ++fault.first) {
    }
    EXPECT_GT(fault.first, kRequestsOfOpen + 5) << "the story has hardly a request";
    if (testing::Test::HasFailure())
      GTEST_FAIL() << "with request " << fault.first << (is_answer ? " done but not answered" : " not done");
  }
}

class LostAnswer : public testing::TestWithParam<int> {};

TEST_P(LostAnswer, OfWriting) {
  TellWithEachFault(&WriteAndRead, GetParam());
}

TEST_P(LostAnswer, OfGoingOn) {
  TellWithEachFault(&GoOnWithAnEarlierAttempt, GetParam());
}

TEST_P(LostAnswer, OfSharing) {
  TellWithEachFault(&ShareAndDelete, GetParam());
}

TEST_P(LostAnswer, OfBlobs) {
  TellWithEachFault(&PutTwice, GetParam());
}

INSTANTIATE_TEST_SUITE_P(S3, LostAnswer, testing::Values(1, 4));

}  // namespace
}  // namespace ruyi
