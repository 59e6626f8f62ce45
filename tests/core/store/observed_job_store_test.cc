#include "core/store/observed_job_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "absl/strings/str_cat.h"
#include "core/store/memory/memory_job_store.h"
#include "tests/core/store/job_store_conformance.h"

namespace ruyi {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class RecordingObserver final : public JobObserver {
 public:
  // "a 3 progress running"
  void OnJobEvent(const JobRecord& job, const LoggedEvent& event) override {
    const absl::MutexLock lock(&mutex_);
    told_.push_back(absl::StrCat(job.ticket.id, " ", event.seq, " ", event.event.index()));
    if (on_event)
      on_event();
  }
  void OnRefused(const CallContext& /*caller*/, const absl::Status& /*why*/) override {
  }  // intake tells of refusals, not the store

  std::vector<std::string> Take() {
    const absl::MutexLock lock(&mutex_);
    return std::exchange(told_, {});
  }

  std::function<void()> on_event;

 private:
  absl::Mutex mutex_;
  std::vector<std::string> told_ ABSL_GUARDED_BY(mutex_);
};

// The index of each kind in JobEvent.
constexpr const char* kAccepted = "0";
constexpr const char* kQueued = "1";
constexpr const char* kResumed = "3";
constexpr const char* kProgress = "4";
constexpr const char* kCancelling = "7";
constexpr const char* kCompleted = "8";
constexpr const char* kFailed = "9";

std::string Told(const char* id, int seq, const char* kind) {
  return absl::StrCat(id, " ", seq, " ", kind);
}

class ObservedJobStoreTest : public testing::Test {
 protected:
  Lease Claim() { return **store_.Claim("worker", absl::Seconds(30)); }
  Lease CreateAndClaim(const std::string& id) {
    EXPECT_THAT(store_.Create(TestNewJob(id)), IsOk());
    const Lease lease = Claim();
    observer_.Take();
    return lease;
  }

  FakeClock clock_;
  MemoryJobStore kept_{{.queue_capacity = 2}, clock_};
  RecordingObserver observer_;
  ObservedJobStore store_{kept_, {&observer_}};
};

class ObservedPlace final : public StorePlace {
 public:
  std::unique_ptr<JobStore> Open(const JobStoreOptions& options, const Clock& clock) override {
    kept_ = std::make_unique<MemoryJobStore>(options, clock);
    return std::make_unique<ObservedJobStore>(*kept_, std::vector<JobObserver*>{&observer_});
  }
  bool IsLasting() const override { return false; }

 private:
  std::unique_ptr<MemoryJobStore> kept_;
  RecordingObserver observer_;
};

INSTANTIATE_TEST_SUITE_P(Observed, JobStoreConformance,
                         testing::Values(StoreKind{"ObservedJobStore",
                                                   [] { return std::make_unique<ObservedPlace>(); }}),
                         NameOfKind);

TEST_F(ObservedJobStoreTest, ANewJobIsTold) {
  ASSERT_THAT(store_.Create(TestRequest("a", "request")), IsOk());
  EXPECT_THAT(observer_.Take(), ElementsAre(Told("a", 1, kAccepted), Told("a", 2, kQueued)));
  ASSERT_THAT(store_.Create(TestRequest("b", "request")), IsOk());
  EXPECT_THAT(observer_.Take(), IsEmpty());
}

TEST_F(ObservedJobStoreTest, WhatAWorkerSaysIsTold) {
  const Lease lease = CreateAndClaim("a");
  ASSERT_THAT(store_.Append(lease, TestProgress(1)), IsOk());
  EXPECT_THAT(observer_.Take(), IsEmpty());  // progress is told with the next event of another kind
  ASSERT_THAT(store_.HandBack(lease), IsOk());
  EXPECT_THAT(observer_.Take(), ElementsAre(Told("a", 3, kProgress), Told("a", 4, kQueued)));
  EXPECT_THAT(store_.Append(lease, TestProgress(1)), IsLeaseLost());
  EXPECT_THAT(observer_.Take(), IsEmpty());
  ASSERT_THAT(store_.Finish(Claim(), TestCompleted()), IsOk());
  EXPECT_THAT(observer_.Take(), ElementsAre(Told("a", 5, kCompleted)));
}

TEST_F(ObservedJobStoreTest, CancelsAreToldOnce) {
  CreateAndClaim("a");
  ASSERT_THAT(store_.Create(TestNewJob("b")), IsOk());
  observer_.Take();
  for (int i = 0; i < 2; ++i) {
    ASSERT_THAT(store_.Cancel("a", absl::CancelledError("no")), IsOk());
    ASSERT_THAT(store_.Cancel("b", absl::CancelledError("no")), IsOk());
  }
  EXPECT_THAT(observer_.Take(), ElementsAre(Told("a", 3, kCancelling), Told("b", 3, kFailed)));
}

TEST_F(ObservedJobStoreTest, JobsThatWereThereBeforeAreToldFromNowOn) {
  for (const char* id : {"a", "b"})
    ASSERT_THAT(kept_.Create(TestNewJob(id)), IsOk());
  ASSERT_THAT(store_.Cancel("a", absl::CancelledError("no")), IsOk());
  EXPECT_THAT(observer_.Take(), ElementsAre(Told("a", 3, kFailed)));
  ASSERT_THAT(store_.CancelAll(absl::CancelledError("no")), IsOk());
  EXPECT_THAT(observer_.Take(), ElementsAre(Told("b", 3, kFailed)));
}

TEST_F(ObservedJobStoreTest, WhatASweepDoesIsTold) {
  CreateAndClaim("a");
  for (int crash = 1; crash <= kMaxCrashes; ++crash) {
    clock_.Advance(absl::Minutes(1));
    ASSERT_THAT(store_.Sweep(), IsOk());
    const bool is_last = crash == kMaxCrashes;
    EXPECT_THAT(observer_.Take(), ElementsAre(Told("a", 2 + crash, is_last ? kFailed : kQueued)));
    if (!is_last) {
      Claim();
    }
  }
}

// Two observed stores on one stand for two processes.
TEST_F(ObservedJobStoreTest, OfTwoProcessesEachTellsWhatItHasDone) {
  RecordingObserver others;
  ObservedJobStore other(kept_, {&others});
  ASSERT_THAT(store_.Create(TestNewJob("a")), IsOk());
  EXPECT_THAT(observer_.Take(), ElementsAre(Told("a", 1, kAccepted), Told("a", 2, kQueued)));
  ASSERT_OK_AND_ASSIGN(const std::optional<Lease> lost, other.Claim("worker", absl::Seconds(30)));
  ASSERT_THAT(other.Append(*lost, JobResumed{.step = 1}), IsOk());
  EXPECT_THAT(others.Take(), ElementsAre(Told("a", 3, kResumed)));
  clock_.Advance(absl::Minutes(1));
  ASSERT_THAT(store_.Sweep(), IsOk());
  EXPECT_THAT(observer_.Take(), ElementsAre(Told("a", 4, kQueued)));
  EXPECT_THAT(other.Append(*lost, JobResumed{.step = 2}), IsLeaseLost());
  ASSERT_THAT(store_.Finish(Claim(), TestCompleted()), IsOk());
  EXPECT_THAT(observer_.Take(), ElementsAre(Told("a", 5, kCompleted)));
  EXPECT_THAT(others.Take(), IsEmpty());
  EXPECT_EQ(other.Cancel("a", absl::CancelledError("late"))->state, JobState::kSucceeded);
  EXPECT_THAT(others.Take(), IsEmpty());
}

TEST_F(ObservedJobStoreTest, EventsOfManyThreadsAreToldOnceAndInOrder) {
  const Lease lease = CreateAndClaim("a");
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int done = 0; done < 50; ++done)
        EXPECT_THAT(store_.Append(lease, JobResumed{.step = done}), IsOk());
    });
  }
  for (std::thread& thread : threads)
    thread.join();
  const std::vector<std::string> told = observer_.Take();
  ASSERT_EQ(told.size(), 200u);
  for (int i = 0; i < 200; ++i)
    EXPECT_EQ(told[i], Told("a", 3 + i, kResumed));
}

TEST_F(ObservedJobStoreTest, AnObserverMayLookIntoTheStore) {
  observer_.on_event = [&] { EXPECT_THAT(store_.Get("a"), IsOk()); };
  EXPECT_THAT(store_.Create(TestNewJob("a")), IsOk());
}

}  // namespace
}  // namespace ruyi
