// Tests what S3ArtifactStore does beyond what every store does.
#include "core/artifact/s3/s3_artifact_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>
#include <utility>

#include "absl/strings/match.h"
#include "core/artifact/s3/object_names.h"
#include "core/digest/sha256.h"
#include "tests/core/artifact/artifact_store_conformance.h"
#include "tests/core/artifact/s3/s3_place.h"
#include "tests/core/http/hooked_http_client.h"
#include "tests/core/s3/seaweed.h"
#include "tests/support/fake_clock.h"
#include "tests/support/status_matchers.h"

namespace ruyi {
namespace {

using absl::StatusCode;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr S3ArtifactOptions kOptions = {.blob_ttl = absl::Hours(1), .sweep_interval = absl::ZeroDuration()};

class S3ArtifactStoreTest : public testing::Test {
 protected:
  // Opens a store that has the answers of `hook`.
  std::unique_ptr<S3ArtifactStore> OpenHooked(HookedHttpClient::Hook hook) {
    return place_.Open(clock_, kOptions, std::make_unique<HookedHttpClient>(std::move(hook)));
  }

  const S3Place place_;
  FakeClock clock_;
};

TEST_F(S3ArtifactStoreTest, FencedWritersLeaveNothingBehind) {
  const auto store = place_.Open(clock_, kOptions);
  ASSERT_OK_AND_ASSIGN(const auto old, store->OpenResult("job", 1));
  ASSERT_OK_AND_ASSIGN(const auto young, store->OpenResult("job", 2));
  EXPECT_THAT(WriteText(*old, "bytes of the old"), HasReason("LEASE_LOST"));
  EXPECT_THAT(*place_.objects().List(""), SizeIs(1)) << "the manifest alone";
  EXPECT_EQ(*store->UsedBytes(), 0);
}

TEST_F(S3ArtifactStoreTest, TwoWritersOfOneLeaseMakeOneResult) {
  const auto one = place_.Open(clock_, kOptions);
  const auto other = place_.Open(clock_, kOptions);
  const std::string bytes = SomeBytes(200'000);
  const auto write = [&bytes](ArtifactStore& store) {
    ASSERT_OK_AND_ASSIGN(const auto writer, store.OpenResult("job", 1));
    for (size_t offset = 0; offset < bytes.size(); offset += 10'000)
      ASSERT_THAT(WriteText(*writer, std::string_view(bytes).substr(offset, 10'000)), IsOk());
  };
  std::thread second([&] { write(*other); });
  write(*one);
  second.join();
  EXPECT_TRUE(*ReadAll(*one, "job") == bytes);
  ASSERT_OK_AND_ASSIGN(const auto writer, one->OpenResult("job", 2));
  ASSERT_THAT(WriteText(*writer, bytes), IsOk());
  EXPECT_EQ(*writer->Seal(), DigestOf(bytes));
}

TEST_F(S3ArtifactStoreTest, NoticesALostLeaseWhereAllBytesAreThereAlready) {
  const auto store = place_.Open(clock_, kOptions);
  ASSERT_THAT(WriteText(**store->OpenResult("job", 1), "all"), IsOk());
  ASSERT_OK_AND_ASSIGN(const auto old, store->OpenResult("job", 2));
  ASSERT_OK_AND_ASSIGN(const auto young, store->OpenResult("job", 3));
  EXPECT_THAT(WriteText(*old, "all"), HasReason("LEASE_LOST"));
}

TEST_F(S3ArtifactStoreTest, FindsADamagedManifest) {
  const auto store = place_.Open(clock_, kOptions);
  ASSERT_THAT(WriteResult(*store, "job", "bytes"), IsOk());
  place_.FlipBit(ManifestKey("job"), 30);
  EXPECT_THAT(store->StatResult("job"), HasReason("ARTIFACT_CORRUPT"));
  EXPECT_THAT(place_.Open(clock_, kOptions)->ReadResult("job", 0, 1), HasReason("ARTIFACT_CORRUPT"));
  EXPECT_THAT(store->OpenResult("job", 1), HasReason("ARTIFACT_CORRUPT"));
  EXPECT_THAT(store->DeleteResult("job"), IsOk());
}

TEST_F(S3ArtifactStoreTest, FindsThatAPieceIsGone) {
  const auto store = place_.Open(clock_, kOptions);
  ASSERT_THAT(WriteResult(*store, "job", "bytes"), IsOk());
  int64_t offset = 0;
  ASSERT_THAT(place_.objects().Delete(place_.PieceKeyOf("job", offset)), IsOk());
  EXPECT_THAT(store->ReadResult("job", 0, 1), HasReason("ARTIFACT_CORRUPT"));
  EXPECT_THAT(store->StatResult("job"), HasReason("ARTIFACT_CORRUPT"));
}

TEST_F(S3ArtifactStoreTest, SweepsNoMoreOftenThanItIsTold) {
  S3ArtifactOptions options = kOptions;
  options.sweep_interval = absl::Minutes(1);
  const auto store = place_.Open(clock_, options);
  ASSERT_THAT(store->SweepBlobs({}), IsOk());
  ASSERT_THAT(place_.Open(clock_, kOptions)->PutBlob("four"), IsOk());
  clock_.Advance(absl::Seconds(59));
  ASSERT_THAT(store->SweepBlobs({}), IsOk());
  EXPECT_EQ(*store->UsedBytes(), 0) << "it has not looked";
  clock_.Advance(absl::Seconds(1));
  ASSERT_THAT(store->SweepBlobs({}), IsOk());
  EXPECT_EQ(*store->UsedBytes(), 4);
}

TEST_F(S3ArtifactStoreTest, SweepsWhatADeletionThatWasCutShortHasLeft) {
  const auto store = place_.Open(clock_, kOptions);
  ASSERT_THAT(WriteResult(*store, "cut", "bytes"), IsOk());
  ASSERT_THAT(WriteResult(*store, "whole", "other bytes"), IsOk());
  ASSERT_THAT(place_.objects().Delete(ManifestKey("cut")), IsOk());
  ASSERT_THAT(store->SweepBlobs({}), IsOk());
  EXPECT_THAT(*place_.objects().List(ResultPrefix("cut")), IsEmpty());
  EXPECT_EQ(*ReadAll(*store, "whole"), "other bytes");
  EXPECT_EQ(*store->UsedBytes(), 11);
}

TEST_F(S3ArtifactStoreTest, SweepsObjectsOfABlobThatWereReplaced) {
  const auto store = place_.Open(clock_, kOptions);
  const std::string sha256 = Sha256Hex("four");
  const std::string old = NewBlobKey(sha256, clock_.AgingTime() - absl::Minutes(2));
  ASSERT_THAT(store->PutBlob("four"), IsOk());
  ASSERT_THAT(place_.objects().Put(old, "four"), IsOk());
  ASSERT_THAT(store->SweepBlobs({}), IsOk());
  EXPECT_NE(place_.BlobKeyOf(sha256), old);
  EXPECT_EQ(*store->ReadBlob(sha256), "four");
  EXPECT_EQ(*store->UsedBytes(), 4);
}

TEST_F(S3ArtifactStoreTest, ReadsABlobThatIsPutAgainMeanwhile) {
  const auto other = place_.Open(clock_, kOptions);
  ASSERT_OK_AND_ASSIGN(const std::string sha256, other->PutBlob("four"));
  int puts = 0;
  const auto store = OpenHooked([&](const HttpRequest& request, HttpClient& real) {
    if (request.method == "GET" && absl::StrContains(request.url, sha256 + "/") && puts++ == 0) {
      clock_.Advance(absl::Seconds(1));
      EXPECT_THAT(other->PutBlob("four"), IsOk());
    }
    return real.Send(request);
  });
  EXPECT_EQ(*store->ReadBlob(sha256), "four");
  EXPECT_GT(puts, 1);
}

TEST_F(S3ArtifactStoreTest, SaysThatAResultIsGoneWhichIsDeletedMeanwhile) {
  const auto other = place_.Open(clock_, kOptions);
  ASSERT_THAT(WriteResult(*other, "job", "bytes"), IsOk());
  const auto store = OpenHooked([&](const HttpRequest& request, HttpClient& real) {
    auto response = real.Send(request);
    if (absl::StrContains(request.url, "manifest.json")) {
      EXPECT_THAT(other->DeleteResult("job"), IsOk());
    }
    return response;
  });
  EXPECT_THAT(store->ReadResult("job", 0, 1), StatusIs(StatusCode::kNotFound));
  ASSERT_THAT(WriteResult(*other, "job", "bytes"), IsOk());
  EXPECT_THAT(store->StatResult("job"), StatusIs(StatusCode::kNotFound));
}

TEST_F(S3ArtifactStoreTest, IsTheFirstOnesWhereTwoStoresOfJobsComeAtOnce) {
  const auto second = place_.Open(clock_, kOptions);
  bool has_looked = false;
  const auto first = OpenHooked([&](const HttpRequest& request, HttpClient& real) {
    auto response = real.Send(request);
    if (request.method == "GET" && absl::StrContains(request.url, kOwnerKey) && !std::exchange(has_looked, true)) {
      EXPECT_THAT(second->BelongTo("two"), IsOk());
    }
    return response;
  });
  EXPECT_THAT(first->BelongTo("one"),
              StatusIs(StatusCode::kFailedPrecondition, HasSubstr("owner says 'two'; this one is 'one'")));
  EXPECT_TRUE(has_looked);
}

TEST_F(S3ArtifactStoreTest, EveryCallSaysThatTheServerIsAway) {
  bool is_away = false;
  const auto store = OpenHooked([&](const HttpRequest& request, HttpClient& real) {
    return is_away ? absl::UnavailableError("nobody there") : real.Send(request);
  });
  const std::string sha256 = Sha256Hex("four");
  ASSERT_OK_AND_ASSIGN(const auto writer, store->OpenResult("job", 1));
  is_away = true;
  const auto is_unavailable = HasReason("STORE_UNAVAILABLE");
  EXPECT_THAT(store->PutBlob("four"), is_unavailable);
  EXPECT_THAT(store->ReadBlob(sha256), is_unavailable);
  EXPECT_THAT(store->StatBlob(sha256), is_unavailable);
  EXPECT_THAT(store->DeleteBlob(sha256), is_unavailable);
  EXPECT_THAT(store->OpenResult("other", 1), is_unavailable);
  EXPECT_THAT(WriteText(*writer, "bytes"), is_unavailable);
  EXPECT_THAT(writer->Seal(), is_unavailable);
  EXPECT_THAT(store->ShareResult("job", "other"), is_unavailable);
  EXPECT_THAT(store->ReadResult("job", 0, 1), is_unavailable);
  EXPECT_THAT(store->StatResult("job"), is_unavailable);
  EXPECT_THAT(store->DeleteResult("job"), is_unavailable);
  EXPECT_THAT(store->ResultIds(), is_unavailable);
  EXPECT_THAT(store->Owner(), is_unavailable);
  EXPECT_THAT(store->BelongTo("one"), is_unavailable);
  EXPECT_THAT(store->SweepBlobs({}), is_unavailable);
  EXPECT_EQ(*store->UsedBytes(), 0);
  is_away = false;
  EXPECT_THAT(store->PutBlob("four"), IsOk());
}

TEST_F(S3ArtifactStoreTest, ABlobThatIsPutAgainWithEachLookIsNotLost) {
  const auto busy = place_.Open(clock_, kOptions);
  ASSERT_OK_AND_ASSIGN(const std::string sha256, busy->PutBlob("four"));
  bool is_busy = true;
  const auto store = OpenHooked([&](const HttpRequest& request, HttpClient& real) {
    if (is_busy && request.method == "GET" && absl::StrContains(request.url, sha256 + "/")) {
      clock_.Advance(absl::Seconds(1));
      EXPECT_THAT(busy->PutBlob("four"), IsOk());
    }
    return real.Send(request);
  });
  EXPECT_THAT(store->ReadBlob(sha256), HasReason("STORE_UNAVAILABLE"));
  is_busy = false;
  EXPECT_EQ(*store->ReadBlob(sha256), "four");
}

TEST_F(S3ArtifactStoreTest, DoesNotOpenWithoutItsBucket) {
  auto client =
      Seaweed::Get().ClientOf(place_.prefix(), std::make_unique<CurlHttpClient>(PatientOptions()), "no secret");
  const auto store = S3ArtifactStore::Open(std::move(client), kOptions, clock_);
  EXPECT_THAT(store, StatusIs(StatusCode::kUnavailable, HasSubstr("look at the credentials of the server")));
}

TEST_F(S3ArtifactStoreTest, DoesNotOpenWhereTheServerIgnoresConditions) {
  for (const std::string ignored : {"if-none-match", "if-match"}) {
    auto http = std::make_unique<HookedHttpClient>([&ignored](const HttpRequest& request, HttpClient& real) {
      return request.headers.contains(ignored) ? HttpResponse{.status = 200} : real.Send(request);
    });
    const auto store =
        S3ArtifactStore::Open(Seaweed::Get().ClientOf(place_.prefix(), std::move(http)), kOptions, clock_);
    EXPECT_THAT(store, StatusIs(StatusCode::kFailedPrecondition, HasSubstr("ignores " + ignored + " on writes")));
  }
}

}  // namespace
}  // namespace ruyi
