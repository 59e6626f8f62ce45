// Tests readers of results, of whole ones and of ones that grow.
#include <atomic>
#include <thread>
#include <vector>

#include "absl/synchronization/notification.h"
#include "tests/core/artifact/artifact_store_conformance.h"

namespace ruyi {
namespace {

using absl::StatusCode;

constexpr int64_t kKiB = 1024;

TEST_P(ArtifactStoreConformance, ReadsAnyPartOfASealedResult) {
  const auto store = Open();
  const std::string bytes = SomeBytes(1'000'001);
  ASSERT_THAT(WriteResult(*store, kJob, bytes), IsOk());
  for (const int64_t offset :
       {int64_t{0}, int64_t{1}, 256 * kKiB - 1, 256 * kKiB, 256 * kKiB + 1, int64_t{1'000'000}}) {
    for (const int64_t step : {256 * kKiB, int64_t{100'003}, 4096 * kKiB})
      EXPECT_TRUE(*ReadAll(*store, kJob, offset, step) == bytes.substr(static_cast<size_t>(offset))) << offset;
  }
  ASSERT_OK_AND_ASSIGN(const ResultBytes part, store->ReadResult(kJob, 256 * kKiB - 2, 4));
  EXPECT_EQ(part.data, bytes.substr(256 * kKiB - 2, 4));
  EXPECT_FALSE(part.is_end);
}

TEST_P(ArtifactStoreConformance, SaysWhereASealedResultEnds) {
  const auto store = Open();
  ASSERT_THAT(WriteResult(*store, kJob, "0123456789"), IsOk());
  EXPECT_FALSE(store->ReadResult(kJob, 0, 9)->is_end);
  EXPECT_TRUE(store->ReadResult(kJob, 0, 10)->is_end);
  EXPECT_FALSE(store->ReadResult(kJob, 9, 0)->is_end);
  ASSERT_OK_AND_ASSIGN(const ResultBytes end, store->ReadResult(kJob, 10, 1));
  EXPECT_EQ(end.data, "");
  EXPECT_TRUE(end.is_end);
  for (const int64_t offset : {11, -1}) {
    const auto beyond = store->ReadResult(kJob, offset, 1);
    EXPECT_THAT(beyond, StatusIs(StatusCode::kOutOfRange));
    EXPECT_THAT(beyond, HasReason("OFFSET_PAST_END"));
  }
}

TEST_P(ArtifactStoreConformance, ReadsWhatThereIsOfAResultThatGrows) {
  const auto store = Open();
  EXPECT_THAT(store->ReadResult(kJob, 0, 1), StatusIs(StatusCode::kNotFound));
  EXPECT_THAT(store->StatResult(kJob), StatusIs(StatusCode::kNotFound));
  ASSERT_OK_AND_ASSIGN(const auto writer, store->OpenResult(kJob, 1));
  EXPECT_EQ(store->StatResult(kJob)->size_bytes, 0);
  ASSERT_THAT(WriteText(*writer, "begin"), IsOk());
  const auto second = Open();
  for (const ArtifactStore* reader : {store.get(), second.get()}) {
    ASSERT_OK_AND_ASSIGN(const ResultState state, reader->StatResult(kJob));
    EXPECT_EQ(state.size_bytes, 5);
    EXPECT_FALSE(state.is_sealed);
    EXPECT_EQ(reader->ReadResult(kJob, 1, 3)->data, "egi");
    ASSERT_OK_AND_ASSIGN(const ResultBytes none, reader->ReadResult(kJob, 5, 10));
    EXPECT_EQ(none.data, "");
    EXPECT_FALSE(none.is_end);
    EXPECT_THAT(reader->ReadResult(kJob, 6, 10), HasReason("OFFSET_PAST_END"));
  }
  ASSERT_THAT(WriteText(*writer, " and end"), IsOk());
  ASSERT_THAT(writer->Seal(), IsOk());
  EXPECT_EQ(*ReadAll(*second, kJob, 5), " and end");
  EXPECT_TRUE(second->ReadResult(kJob, 5, 100)->is_end);
}

TEST_P(ArtifactStoreConformance, FindsDamageInTheBlockThatIsReadAlone) {
  const auto store = Open();
  ASSERT_THAT(WriteResult(*store, kJob, SomeBytes(2048 * kKiB + 5)), IsOk());
  EXPECT_THAT(ReadAll(*store, kJob), IsOk());
  stores_->DamageResult(kJob, 1024 * kKiB + 77);
  EXPECT_THAT(store->ReadResult(kJob, 0, 1024 * kKiB), IsOk());
  EXPECT_THAT(store->ReadResult(kJob, 2048 * kKiB, 5), IsOk());
  const auto damaged = store->ReadResult(kJob, 1024 * kKiB + 70, 20);
  EXPECT_THAT(damaged, StatusIs(StatusCode::kDataLoss));
  EXPECT_THAT(damaged, HasReason("ARTIFACT_CORRUPT"));
  EXPECT_THAT(Open()->ReadResult(kJob, 1024 * kKiB + 70, 20), HasReason("ARTIFACT_CORRUPT"));
}

TEST_P(ArtifactStoreConformance, FindsThatASealedResultWasCut) {
  const auto store = Open();
  ASSERT_THAT(WriteResult(*store, kJob, "0123456789"), IsOk());
  EXPECT_THAT(ReadAll(*store, kJob), IsOk());
  stores_->ShortenResult(kJob);
  EXPECT_THAT(store->ReadResult(kJob, 0, 1), HasReason("ARTIFACT_CORRUPT"));
  EXPECT_THAT(Open()->ReadResult(kJob, 0, 1), HasReason("ARTIFACT_CORRUPT"));
  EXPECT_THAT(Open()->StatResult(kJob), HasReason("ARTIFACT_CORRUPT"));
}

TEST_P(ArtifactStoreConformance, ForgetsASealedResultThatAnotherProcessReplaced) {
  const auto store = Open();
  ASSERT_THAT(WriteResult(*store, kJob, "first"), IsOk());
  EXPECT_EQ(*ReadAll(*store, kJob), "first");
  const auto second = Open();
  ASSERT_THAT(second->DeleteResult(kJob), IsOk());
  EXPECT_THAT(store->ReadResult(kJob, 0, 1), StatusIs(StatusCode::kNotFound));
  ASSERT_THAT(WriteResult(*second, kJob, "other"), IsOk());
  EXPECT_EQ(*ReadAll(*store, kJob), "other");
}

TEST_P(ArtifactStoreConformance, ShowsReadersAGrowingPrefixWhileAWriterAppends) {
  const auto store = Open();
  const auto second = Open();
  const std::string bytes = SomeBytes(3'000'000);
  ASSERT_OK_AND_ASSIGN(const auto writer, store->OpenResult(kJob, 1));
  const auto follow = [&bytes](const ArtifactStore& reader) {
    std::string seen;
    while (true) {
      const auto part = reader.ReadResult(kJob, static_cast<int64_t>(seen.size()), 256 * kKiB);
      if (!part.ok() || bytes.compare(seen.size(), part->data.size(), part->data) != 0)
        return false;
      seen += part->data;
      if (part->is_end)
        return seen == bytes;
      std::this_thread::yield();
    }
  };
  std::atomic<int> good = 0;
  std::vector<std::thread> readers;
  for (const ArtifactStore* reader : {store.get(), store.get(), second.get()})
    readers.emplace_back([&follow, &good, reader] { good += follow(*reader) ? 1 : 0; });
  for (size_t offset = 0; offset < bytes.size(); offset += 99'991)
    EXPECT_THAT(WriteText(*writer, std::string_view(bytes).substr(offset, 99'991)), IsOk());
  EXPECT_THAT(writer->Seal(), IsOk());
  for (std::thread& reader : readers)
    reader.join();
  EXPECT_EQ(good, 3);
}

TEST_P(ArtifactStoreConformance, CallsListenersAfterEachChangeOfTheirResult) {
  const auto store = Open();
  int64_t seen_size = -1;
  bool seen_seal = false;
  int calls_of_other = 0;
  const auto look = [&] {
    const auto state = store->StatResult(kJob);
    seen_size = state.ok() ? state->size_bytes : -2;
    seen_seal = state.ok() && state->is_sealed;
  };
  const auto other = store->Subscribe(kOther, [&] { ++calls_of_other; });
  auto subscription = store->Subscribe(kJob, look);
  ASSERT_OK_AND_ASSIGN(const auto writer, store->OpenResult(kJob, 1));
  EXPECT_EQ(seen_size, 0);
  ASSERT_THAT(WriteText(*writer, "five5"), IsOk());
  EXPECT_EQ(seen_size, 5);
  ASSERT_THAT(writer->Seal(), IsOk());
  EXPECT_TRUE(seen_seal);
  EXPECT_EQ(calls_of_other, 0);
  ASSERT_THAT(store->ShareResult(kJob, kOther), IsOk());
  EXPECT_GT(calls_of_other, 0);
  ASSERT_THAT(store->DeleteResult(kJob), IsOk());
  EXPECT_EQ(seen_size, -2);
  subscription.reset();
  seen_size = -3;
  ASSERT_THAT(WriteResult(*store, kJob, "anew"), IsOk());
  EXPECT_EQ(seen_size, -3);
}

}  // namespace
}  // namespace ruyi
