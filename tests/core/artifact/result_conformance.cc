// Tests writers of results: what they may do, and who may write.
#include <limits>

#include "tests/core/artifact/artifact_store_conformance.h"

namespace ruyi {
namespace {

using absl::StatusCode;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

TEST_P(ArtifactStoreConformance, SealsAResultWithTheDigestOfItsBytes) {
  const auto store = Open();
  const std::string bytes = SomeBytes(1'000'000);
  ASSERT_OK_AND_ASSIGN(const FileDigest digest, WriteResult(*store, kJob, bytes));
  EXPECT_EQ(digest, DigestOf(bytes));
  const auto second = Open();
  for (const ArtifactStore* any : {store.get(), second.get()}) {
    ASSERT_OK_AND_ASSIGN(const ResultState state, any->StatResult(kJob));
    EXPECT_TRUE(state.is_sealed);
    EXPECT_EQ(state.size_bytes, 1'000'000);
    EXPECT_EQ(state.digest, digest);
  }
  ASSERT_OK_AND_ASSIGN(const std::string read, ReadAll(*second, kJob));
  EXPECT_TRUE(read == bytes);
}

TEST_P(ArtifactStoreConformance, SealsAResultWithoutBytes) {
  const auto store = Open();
  ASSERT_OK_AND_ASSIGN(const FileDigest digest, WriteResult(*store, kJob, ""));
  EXPECT_EQ(digest, DigestOf(""));
  ASSERT_OK_AND_ASSIGN(const ResultBytes bytes, store->ReadResult(kJob, 0, 10));
  EXPECT_EQ(bytes.data, "");
  EXPECT_TRUE(bytes.is_end);
}

TEST_P(ArtifactStoreConformance, TakesIdsOfJobsAlone) {
  const auto store = Open();
  for (const std::string& id : {std::string(), std::string("../x"), std::string("a/b"), std::string("a.b"),
                                std::string("a\0b", 3), std::string(65, 'a')}) {
    EXPECT_THAT(store->OpenResult(id, 1), StatusIs(StatusCode::kInvalidArgument)) << id;
    EXPECT_THAT(store->ReadResult(id, 0, 1), StatusIs(StatusCode::kNotFound)) << id;
    EXPECT_THAT(store->StatResult(id), StatusIs(StatusCode::kNotFound)) << id;
    EXPECT_THAT(store->DeleteResult(id), IsOk()) << id;
    EXPECT_THAT(store->ShareResult(id, kJob), StatusIs(StatusCode::kNotFound)) << id;
  }
  EXPECT_THAT(store->OpenResult(std::string(64, 'a'), 1), IsOk());
}

TEST_P(ArtifactStoreConformance, WritesNoResultThatIsSealed) {
  const auto store = Open();
  ASSERT_OK_AND_ASSIGN(const auto writer, store->OpenResult(kJob, 1));
  ASSERT_THAT(WriteText(*writer, "all"), IsOk());
  ASSERT_THAT(writer->Seal(), IsOk());
  EXPECT_THAT(store->OpenResult(kJob, 2), StatusIs(StatusCode::kFailedPrecondition));
  EXPECT_THAT(WriteText(*writer, "more"), StatusIs(StatusCode::kFailedPrecondition));
  EXPECT_EQ(*ReadAll(*store, kJob), "all");
}

TEST_P(ArtifactStoreConformance, GoesOnWithWhatAnEarlierAttemptWrote) {
  ASSERT_THAT(WriteText(**Open()->OpenResult(kJob, 1), "begin"), IsOk());
  const auto store = Open();
  ASSERT_OK_AND_ASSIGN(const auto writer, store->OpenResult(kJob, 2));
  EXPECT_EQ(*ReadAll(*store, kJob), "begin");
  ASSERT_THAT(WriteText(*writer, "be"), IsOk());
  EXPECT_EQ(*ReadAll(*store, kJob), "begin");
  ASSERT_THAT(WriteText(*writer, "gin and end"), IsOk());
  ASSERT_OK_AND_ASSIGN(const FileDigest digest, writer->Seal());
  EXPECT_EQ(digest, DigestOf("begin and end"));
  EXPECT_EQ(*ReadAll(*store, kJob), "begin and end");
}

TEST_P(ArtifactStoreConformance, RefusesOtherBytesThanAnEarlierAttemptWrote) {
  const auto store = Open();
  ASSERT_THAT(WriteText(**store->OpenResult(kJob, 1), "begin"), IsOk());
  ASSERT_OK_AND_ASSIGN(const auto writer, store->OpenResult(kJob, 2));
  ASSERT_THAT(WriteText(*writer, "be"), IsOk());
  const absl::Status status = WriteText(*writer, "GIN and end");
  EXPECT_THAT(status, StatusIs(StatusCode::kDataLoss));
  EXPECT_THAT(status, HasReason("RESULT_CHANGED"));
  EXPECT_EQ(*ReadAll(*store, kJob), "begin");
}

TEST_P(ArtifactStoreConformance, SealsNoResultThatAnEarlierAttemptMadeLonger) {
  const auto store = Open();
  ASSERT_THAT(WriteText(**store->OpenResult(kJob, 1), "begin"), IsOk());
  ASSERT_OK_AND_ASSIGN(const auto writer, store->OpenResult(kJob, 2));
  ASSERT_THAT(WriteText(*writer, "be"), IsOk());
  const auto sealed = writer->Seal();
  EXPECT_THAT(sealed, StatusIs(StatusCode::kDataLoss));
  EXPECT_THAT(sealed, HasReason("RESULT_CHANGED"));
  EXPECT_FALSE(store->StatResult(kJob)->is_sealed);
}

TEST_P(ArtifactStoreConformance, LetsAWriterGoOnUntilALargerTokenComes) {
  const auto store = Open();
  ASSERT_OK_AND_ASSIGN(const auto old, store->OpenResult(kJob, 7));
  ASSERT_THAT(WriteText(*old, "one"), IsOk());
  EXPECT_THAT(store->OpenResult(kJob, 7), IsOk()) << "the same lease";
  const auto late = store->OpenResult(kJob, 6);
  EXPECT_THAT(late, StatusIs(StatusCode::kAborted));
  EXPECT_THAT(late, HasReason("LEASE_LOST"));
  ASSERT_THAT(WriteText(*old, "two"), IsOk());
  ASSERT_THAT(store->OpenResult(kJob, 8), IsOk());
  EXPECT_THAT(WriteText(*old, "three"), HasReason("LEASE_LOST"));
  EXPECT_THAT(old->Seal(), HasReason("LEASE_LOST"));
  EXPECT_EQ(*ReadAll(*store, kJob), "onetwo");
}

TEST_P(ArtifactStoreConformance, FencesWritersOfAnotherProcess) {
  const auto store = Open();
  const auto second = Open();
  ASSERT_OK_AND_ASSIGN(const auto old, store->OpenResult(kJob, 1));
  ASSERT_THAT(WriteText(*old, "one"), IsOk());
  ASSERT_OK_AND_ASSIGN(const auto young, second->OpenResult(kJob, std::numeric_limits<int64_t>::max()));
  EXPECT_THAT(WriteText(*old, "two"), HasReason("LEASE_LOST"));
  EXPECT_THAT(Open()->OpenResult(kJob, 2), HasReason("LEASE_LOST"));
  ASSERT_THAT(WriteText(*young, "one"), IsOk());
  ASSERT_THAT(young->Seal(), IsOk());
  EXPECT_THAT(WriteText(*old, "two"), HasReason("LEASE_LOST"));
  EXPECT_EQ(*ReadAll(*store, kJob), "one");
}

TEST_P(ArtifactStoreConformance, LetsNobodyWriteToAResultThatWasDeleted) {
  const auto store = Open();
  ASSERT_OK_AND_ASSIGN(const auto old, store->OpenResult(kJob, 1));
  ASSERT_THAT(WriteText(*old, "one"), IsOk());
  ASSERT_THAT(store->DeleteResult(kJob), IsOk());
  EXPECT_THAT(WriteText(*old, "two"), HasReason("LEASE_LOST"));
  ASSERT_OK_AND_ASSIGN(const auto young, store->OpenResult(kJob, 1));
  ASSERT_THAT(WriteText(*young, "anew"), IsOk());
  EXPECT_THAT(old->Seal(), HasReason("LEASE_LOST"));
  EXPECT_EQ(*ReadAll(*store, kJob), "anew");
}

TEST_P(ArtifactStoreConformance, DeletesResultsSealedOrNot) {
  const auto store = Open();
  ASSERT_THAT(WriteResult(*store, kJob, "whole"), IsOk());
  ASSERT_THAT(WriteText(**store->OpenResult(kOther, 1), "half"), IsOk());
  EXPECT_THAT(*store->ResultIds(), UnorderedElementsAre(kJob, kOther));
  ASSERT_THAT(store->DeleteResult(kJob), IsOk());
  EXPECT_THAT(store->StatResult(kJob), StatusIs(StatusCode::kNotFound));
  EXPECT_THAT(*Open()->ResultIds(), ElementsAre(kOther));
  ASSERT_THAT(store->DeleteResult(kOther), IsOk());
  ASSERT_THAT(store->DeleteResult(kOther), IsOk());
  EXPECT_THAT(*store->ResultIds(), IsEmpty());
}

TEST_P(ArtifactStoreConformance, SharesASealedResult) {
  const auto store = Open();
  const std::string bytes = SomeBytes(600'000);
  ASSERT_THAT(WriteResult(*store, kJob, bytes), IsOk());
  ASSERT_OK_AND_ASSIGN(const FileDigest digest, store->ShareResult(kJob, kOther));
  EXPECT_EQ(digest, DigestOf(bytes));
  EXPECT_THAT(store->ShareResult(kJob, kOther), IsOk()) << "it is shared already";
  EXPECT_THAT(store->ShareResult(kJob, kJob), IsOk());
  ASSERT_THAT(store->DeleteResult(kJob), IsOk());
  EXPECT_TRUE(*ReadAll(*store, kOther) == bytes);
  EXPECT_TRUE(store->StatResult(kOther)->is_sealed);
}

TEST_P(ArtifactStoreConformance, SharesAResultInPlaceOfOneThatIsNotSealed) {
  const auto store = Open();
  ASSERT_THAT(WriteResult(*store, kJob, "whole"), IsOk());
  ASSERT_OK_AND_ASSIGN(const auto writer, store->OpenResult(kOther, 1));
  ASSERT_THAT(WriteText(*writer, "half of another"), IsOk());
  ASSERT_THAT(store->ShareResult(kJob, kOther), IsOk());
  EXPECT_EQ(*ReadAll(*store, kOther), "whole");
  EXPECT_THAT(WriteText(*writer, "more"), HasReason("LEASE_LOST"));
  EXPECT_EQ(*ReadAll(*store, kOther), "whole");
}

TEST_P(ArtifactStoreConformance, SharesNothingThatIsNotSealedAndWhole) {
  const auto store = Open();
  EXPECT_THAT(store->ShareResult(kJob, kOther), StatusIs(StatusCode::kNotFound));
  ASSERT_THAT(WriteText(**store->OpenResult(kJob, 1), "half"), IsOk());
  EXPECT_THAT(store->ShareResult(kJob, kOther), StatusIs(StatusCode::kNotFound));
  ASSERT_THAT(WriteResult(*store, "whole", SomeBytes(600'000)), IsOk());
  EXPECT_THAT(store->ShareResult("whole", "../x"), StatusIs(StatusCode::kInvalidArgument));
  stores_->DamageResult("whole", 599'999);
  EXPECT_THAT(store->ShareResult("whole", kOther), HasReason("ARTIFACT_CORRUPT"));
  EXPECT_THAT(store->StatResult(kOther), StatusIs(StatusCode::kNotFound));
}

TEST_P(ArtifactStoreConformance, SharesNothingInPlaceOfAnotherSealedResult) {
  const auto store = Open();
  ASSERT_THAT(WriteResult(*store, kJob, "one"), IsOk());
  ASSERT_THAT(WriteResult(*store, kOther, "two"), IsOk());
  EXPECT_THAT(store->ShareResult(kJob, kOther), StatusIs(StatusCode::kFailedPrecondition));
  EXPECT_EQ(*ReadAll(*store, kOther), "two");
}

}  // namespace
}  // namespace ruyi
