#include "core/digest/sha256.h"
#include "tests/core/artifact/artifact_store_conformance.h"

namespace ruyi {
namespace {

using absl::StatusCode;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr char kNoBlob[] = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

TEST_P(ArtifactStoreConformance, KeepsABlobUnderItsSha256) {
  const auto store = Open();
  const std::string bytes = SomeBytes(300'000);
  ASSERT_OK_AND_ASSIGN(const std::string sha256, store->PutBlob(bytes));
  EXPECT_EQ(sha256, Sha256Hex(bytes));
  EXPECT_THAT(Open()->ReadBlob(sha256), IsOk());
  ASSERT_OK_AND_ASSIGN(const std::string read, store->ReadBlob(sha256));
  EXPECT_TRUE(read == bytes);
}

TEST_P(ArtifactStoreConformance, KeepsABlobWithoutBytes) {
  const auto store = Open();
  ASSERT_OK_AND_ASSIGN(const std::string sha256, store->PutBlob(""));
  ASSERT_OK_AND_ASSIGN(const std::string read, store->ReadBlob(sha256));
  EXPECT_EQ(read, "");
}

TEST_P(ArtifactStoreConformance, KnowsNoBlobThatWasNotPut) {
  const auto store = Open();
  for (const std::string& sha256 : {std::string(kNoBlob), std::string("../../etc/passwd"), std::string()}) {
    EXPECT_THAT(store->ReadBlob(sha256), StatusIs(StatusCode::kNotFound));
    EXPECT_THAT(store->StatBlob(sha256), StatusIs(StatusCode::kNotFound));
    EXPECT_THAT(store->DeleteBlob(sha256), IsOk());
  }
}

TEST_P(ArtifactStoreConformance, SaysHowLargeABlobIsAndHowLongItLives) {
  const auto store = Open();
  ASSERT_OK_AND_ASSIGN(const std::string sha256, store->PutBlob("four"));
  ASSERT_OK_AND_ASSIGN(const BlobState state, store->StatBlob(sha256));
  EXPECT_EQ(state.size_bytes, 4);
  EXPECT_EQ(state.expire_time, clock_.Now() + StoresOfTest::kBlobTtl);
}

TEST_P(ArtifactStoreConformance, LetsABlobLiveOnThatIsPutAgain) {
  const auto store = Open();
  ASSERT_OK_AND_ASSIGN(const std::string sha256, store->PutBlob("four"));
  clock_.Advance(absl::Minutes(59));
  ASSERT_THAT(store->PutBlob("four"), IsOk());
  ASSERT_OK_AND_ASSIGN(const BlobState state, store->StatBlob(sha256));
  EXPECT_EQ(state.expire_time, clock_.Now() + StoresOfTest::kBlobTtl);
}

TEST_P(ArtifactStoreConformance, BlobsGetOldEvenlyWhenTheWallClockIsStepped) {
  const auto store = Open();
  for (const absl::Duration step : {absl::Hours(24 * 365), -absl::Hours(24 * 365)}) {
    ASSERT_OK_AND_ASSIGN(const std::string sha256, store->PutBlob("four"));
    clock_.StepWall(step);
    ASSERT_OK_AND_ASSIGN(const BlobState state, store->StatBlob(sha256));
    EXPECT_EQ(state.expire_time, clock_.Now() + StoresOfTest::kBlobTtl);
    clock_.Advance(StoresOfTest::kBlobTtl - absl::Seconds(1));
    ASSERT_THAT(store->SweepBlobs({}), IsOk());
    EXPECT_THAT(store->StatBlob(sha256), IsOk()) << step;
    clock_.Advance(absl::Seconds(1));
    ASSERT_THAT(store->SweepBlobs({}), IsOk());
    EXPECT_THAT(store->StatBlob(sha256), StatusIs(StatusCode::kNotFound)) << step;
  }
}

TEST_P(ArtifactStoreConformance, FindsADamagedBlobAndPutsItRightAgain) {
  const auto store = Open();
  const std::string bytes = SomeBytes(1000);
  ASSERT_OK_AND_ASSIGN(const std::string sha256, store->PutBlob(bytes));
  stores_->DamageBlob(sha256);
  const auto damaged = store->ReadBlob(sha256);
  EXPECT_THAT(damaged, StatusIs(StatusCode::kDataLoss));
  EXPECT_THAT(damaged, HasReason("ARTIFACT_CORRUPT"));
  ASSERT_THAT(store->PutBlob(bytes), IsOk());
  EXPECT_THAT(store->ReadBlob(sha256), IsOk());
  ASSERT_OK_AND_ASSIGN(const int64_t used, store->UsedBytes());
  EXPECT_EQ(used, 1000);
}

TEST_P(ArtifactStoreConformance, DeletesABlob) {
  const auto store = Open();
  ASSERT_OK_AND_ASSIGN(const std::string sha256, store->PutBlob("four"));
  ASSERT_THAT(store->DeleteBlob(sha256), IsOk());
  EXPECT_THAT(store->ReadBlob(sha256), StatusIs(StatusCode::kNotFound));
}

TEST_P(ArtifactStoreConformance, SweepsBlobsWhoseTimeIsOverAndNobodyNeeds) {
  const auto store = Open();
  ASSERT_OK_AND_ASSIGN(const std::string old, store->PutBlob("old"));
  ASSERT_OK_AND_ASSIGN(const std::string needed, store->PutBlob("needed"));
  clock_.Advance(absl::Minutes(1));
  ASSERT_OK_AND_ASSIGN(const std::string young, store->PutBlob("young"));
  clock_.Advance(absl::Minutes(59) - absl::Seconds(1));
  ASSERT_THAT(store->SweepBlobs({needed}), IsOk());
  EXPECT_THAT(store->StatBlob(old), IsOk());
  clock_.Advance(absl::Seconds(1));
  ASSERT_THAT(store->SweepBlobs({needed}), IsOk());
  EXPECT_THAT(store->StatBlob(old), StatusIs(StatusCode::kNotFound));
  EXPECT_THAT(store->StatBlob(needed), IsOk());
  EXPECT_THAT(store->StatBlob(young), IsOk());
  ASSERT_THAT(store->SweepBlobs({}), IsOk());
  EXPECT_THAT(store->StatBlob(needed), StatusIs(StatusCode::kNotFound));
}

TEST_P(ArtifactStoreConformance, CountsBlobsAndResultsWhileTheyComeAndGo) {
  const auto store = Open();
  ASSERT_OK_AND_ASSIGN(const std::string sha256, store->PutBlob("four"));
  ASSERT_THAT(store->PutBlob("four"), IsOk());
  EXPECT_EQ(*store->UsedBytes(), 4);
  ASSERT_OK_AND_ASSIGN(auto writer, store->OpenResult(kJob, 1));
  ASSERT_THAT(WriteText(*writer, "seven b"), IsOk());
  EXPECT_EQ(*store->UsedBytes(), 11);
  ASSERT_THAT(writer->Seal(), IsOk());
  EXPECT_EQ(*Open()->UsedBytes(), *store->UsedBytes());
  ASSERT_THAT(store->ShareResult(kJob, kOther), IsOk());
  EXPECT_EQ(*Open()->UsedBytes(), *store->UsedBytes());
  ASSERT_THAT(store->DeleteResult(kJob), IsOk());
  EXPECT_EQ(*Open()->UsedBytes(), *store->UsedBytes());
  ASSERT_THAT(store->DeleteResult(kOther), IsOk());
  EXPECT_EQ(*store->UsedBytes(), 4);
  ASSERT_THAT(store->DeleteBlob(sha256), IsOk());
  EXPECT_EQ(*store->UsedBytes(), 0);
}

TEST_P(ArtifactStoreConformance, CountsWhatAnotherProcessWroteWithTheNextSweep) {
  const auto store = Open();
  ASSERT_OK_AND_ASSIGN(const std::string sha256, Open()->PutBlob("four"));
  ASSERT_THAT(store->SweepBlobs({}), IsOk());
  EXPECT_EQ(*store->UsedBytes(), 4);
  ASSERT_THAT(store->DeleteBlob(sha256), IsOk());
  EXPECT_EQ(*store->UsedBytes(), 0);
}

TEST_P(ArtifactStoreConformance, TakesNoMoreBytesThanItMay) {
  const auto store = Open(10);
  ASSERT_OK_AND_ASSIGN(const std::string sha256, store->PutBlob("1234567890"));
  const auto blob = store->PutBlob("more");
  EXPECT_THAT(blob, StatusIs(StatusCode::kResourceExhausted));
  EXPECT_THAT(blob, HasReason("DISK_FULL"));
  EXPECT_TRUE(GetErrorInfo(blob.status()).retry_delay.has_value());
  EXPECT_THAT(store->ReadBlob(Sha256Hex("more")), StatusIs(StatusCode::kNotFound));
  EXPECT_THAT(store->PutBlob("1234567890"), IsOk()) << "it is there already";

  ASSERT_OK_AND_ASSIGN(const auto writer, store->OpenResult(kJob, 1));
  EXPECT_THAT(WriteText(*writer, "1"), HasReason("DISK_FULL"));
  EXPECT_EQ(*store->UsedBytes(), 10);
  ASSERT_THAT(store->DeleteBlob(sha256), IsOk());
  EXPECT_THAT(store->PutBlob("more"), IsOk());
}

TEST_P(ArtifactStoreConformance, BelongsToTheStoreOfJobsThatCameFirst) {
  const auto store = Open();
  ASSERT_OK_AND_ASSIGN(const std::string sha256, store->PutBlob("four"));
  EXPECT_THAT(store->Owner(), StatusIs(StatusCode::kNotFound, HasSubstr("owner is missing")));
  EXPECT_THAT(store->BelongTo("one"), IsOk());
  EXPECT_EQ(*store->Owner(), "one");
  const auto another = Open();
  EXPECT_THAT(another->BelongTo("two"), StatusIs(StatusCode::kFailedPrecondition,
                                                 AllOf(HasSubstr("owner says 'one'; this one is 'two'"),
                                                       HasSubstr("of its own"), HasSubstr("write 'two' into it"))));
  EXPECT_THAT(another->BelongTo("one"), IsOk());
  EXPECT_EQ(*another->UsedBytes(), 4);
  EXPECT_THAT(*another->ResultIds(), IsEmpty());
  EXPECT_THAT(another->StatBlob(sha256), IsOk());
}

}  // namespace
}  // namespace ruyi
