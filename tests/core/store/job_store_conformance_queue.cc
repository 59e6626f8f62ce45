// What a JobStore does with its queue for an administrator: pause, resume, other priorities.
#include "absl/strings/str_cat.h"
#include "tests/core/store/job_store_conformance.h"

namespace ruyi {
namespace {

using testing::ElementsAre;

MATCHER(IsVideoEnded, "says that the video does not wait") {
  return testing::ExplainMatchResult(
      testing::AllOf(StatusIs(absl::StatusCode::kFailedPrecondition), HasReason("VIDEO_ENDED")), StatusOf(arg),
      result_listener);
}

TEST_P(JobStoreConformance, APausedQueueGivesNoJob) {
  Create("a");
  EXPECT_FALSE(store().Counts()->paused);
  ASSERT_THAT(store().SetPaused(true), IsOk());
  EXPECT_TRUE(store().Counts()->paused);
  EXPECT_EQ(*store().Claim("worker", kLease), std::nullopt);
  EXPECT_THAT(*store().QueueOrder(), ElementsAre("a"));
  ASSERT_THAT(store().SetPaused(false), IsOk());
  EXPECT_FALSE(store().Counts()->paused);
  EXPECT_EQ(Claim().job_id, "a");
}

TEST_P(JobStoreConformance, PausingTwiceIsPausingOnce) {
  Create("a");
  ASSERT_THAT(store().SetPaused(true), IsOk());
  ASSERT_THAT(store().SetPaused(true), IsOk());
  ASSERT_THAT(store().SetPaused(false), IsOk());
  EXPECT_EQ(Claim().job_id, "a");
}

TEST_P(JobStoreConformance, APausedQueueTakesJobsAndSaysSo) {
  ASSERT_THAT(store().SetPaused(true), IsOk());
  Create("a");
  EXPECT_TRUE(std::get<JobQueued>(Log("a").at(1).event).paused);
  EXPECT_TRUE((*store().PositionOf("a"))->paused);
  ASSERT_THAT(store().SetPaused(false), IsOk());
  Create("b");
  EXPECT_FALSE(std::get<JobQueued>(Log("b").at(1).event).paused);
  EXPECT_FALSE((*store().PositionOf("a"))->paused);
}

TEST_P(JobStoreConformance, AJobThatRunsGoesOnInAPausedQueue) {
  const Lease lease = CreateAndClaim("a");
  const Lease other = CreateAndClaim("b");
  ASSERT_THAT(store().SetPaused(true), IsOk());
  EXPECT_THAT(store().Renew(lease, kLease), IsOk());
  EXPECT_THAT(store().Append(lease, TestProgress(1)), IsOk());
  EXPECT_THAT(store().Finish(lease, TestCompleted()), IsOk());
  EXPECT_THAT(store().HandBack(other), IsOk());
  EXPECT_TRUE(std::get<JobQueued>(Log("b").back().event).paused);
  EXPECT_EQ(*store().Claim("worker", kLease), std::nullopt);
}

TEST_P(JobStoreConformance, APauseOutlivesTheProcess) {
  if (!place_->IsLasting())
    GTEST_SKIP() << "this store ends with its process";
  Create("a");
  ASSERT_THAT(store().SetPaused(true), IsOk());
  Reopen();
  EXPECT_TRUE(store().Counts()->paused);
  EXPECT_EQ(*store().Claim("worker", kLease), std::nullopt);
}

TEST_P(JobStoreConformance, ListenersOfJobsHearOfAPause) {
  Create("a");
  int heard = 0;
  const auto one = store().Subscribe("a", [&] { ++heard; });
  const auto all = store().Subscribe("", [&] { ++heard; });
  ASSERT_THAT(store().SetPaused(true), IsOk());
  EXPECT_EQ(heard, 2);
  ASSERT_THAT(store().SetPaused(false), IsOk());
  EXPECT_EQ(heard, 4);
}

TEST_P(JobStoreConformance, AJobOfAnotherPriorityTakesAnotherPlace) {
  for (const char* id : {"a", "b", "c"})
    Create(id);
  EXPECT_EQ(store().SetPriority("c", Priority::kHigh)->ticket.priority, Priority::kHigh);
  EXPECT_EQ(Get("c").ticket.priority, Priority::kHigh);
  ASSERT_THAT(store().SetPriority("a", Priority::kLow), IsOk());
  EXPECT_THAT(*store().QueueOrder(), ElementsAre("c", "b", "a"));
  EXPECT_EQ((*store().PositionOf("a"))->position, 2);
  EXPECT_THAT(ClaimAll(), ElementsAre("c", "b", "a"));
}

TEST_P(JobStoreConformance, AnotherPriorityOutlivesTheProcess) {
  if (!place_->IsLasting())
    GTEST_SKIP() << "this store ends with its process";
  Create("a");
  Create("b");
  ASSERT_THAT(store().SetPriority("b", Priority::kHigh), IsOk());
  Reopen();
  EXPECT_THAT(ClaimAll(), ElementsAre("b", "a"));
}

TEST_P(JobStoreConformance, AHandedBackJobKeepsItsOtherPriority) {
  for (const char* id : {"a", "b"})
    Create(id);
  ASSERT_THAT(store().SetPriority("b", Priority::kHigh), IsOk());
  ASSERT_THAT(store().HandBack(Claim()), IsOk());
  EXPECT_THAT(*store().QueueOrder(), ElementsAre("b", "a"));
}

TEST_P(JobStoreConformance, OnlyAJobThatWaitsGetsAnotherPriority) {
  const Lease lease = CreateAndClaim("a");
  EXPECT_THAT(store().SetPriority("a", Priority::kHigh), IsVideoEnded());
  ASSERT_THAT(store().Finish(lease, TestCompleted()), IsOk());
  EXPECT_THAT(store().SetPriority("a", Priority::kHigh), IsVideoEnded());
  EXPECT_EQ(Get("a").ticket.priority, Priority::kNormal);
  EXPECT_THAT(store().SetPriority("none", Priority::kHigh), StatusIs(absl::StatusCode::kNotFound));
}

TEST_P(JobStoreConformance, ListenersOfAJobHearOfItsOtherPriority) {
  Create("a");
  int heard = 0;
  const auto listening = store().Subscribe("a", [&] { ++heard; });
  ASSERT_THAT(store().SetPriority("a", Priority::kHigh), IsOk());
  ASSERT_THAT(store().SetPriority("a", Priority::kHigh), IsOk());  // it has it already
  EXPECT_EQ(heard, 1);
}

}  // namespace
}  // namespace ruyi
