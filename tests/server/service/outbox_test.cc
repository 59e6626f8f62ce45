#include "server/service/outbox.h"

#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

#include "absl/synchronization/notification.h"
#include "tests/server/patience.h"
#include "tests/support/status_matchers.h"

namespace ruyi {
namespace {

JobChunk Chunk(int64_t offset) {
  return {.offset = offset, .data = "x"};
}

JobProgress ProgressOf(int done) {
  return {.progress = {.phase = Phase::kDenoising, .done = done, .total = 100}};
}

// One word per event, e.g. "queued 2".
std::string Name(const JobEvent& event) {
  if (const auto* queued = std::get_if<JobQueued>(&event))
    return "queued " + std::to_string(queued->position);
  if (const auto* progress = std::get_if<JobProgress>(&event))
    return "progress " + std::to_string(progress->progress.done);
  if (const auto* chunk = std::get_if<JobChunk>(&event))
    return "chunk " + std::to_string(chunk->offset);
  if (std::holds_alternative<JobAccepted>(event))
    return "accepted";
  return std::holds_alternative<JobCompleted>(event) ? "completed" : "failed";
}

std::vector<std::string> PopAll(Outbox& outbox) {
  std::vector<std::string> names;
  while (const std::optional<JobEvent> event = outbox.Pop())
    names.push_back(Name(*event));
  return names;
}

// A thread that pushes one event, and what became of it.
class Pusher {
 public:
  Pusher(Outbox& outbox, JobEvent event)
      : thread_([this, &outbox, event = std::move(event)]() mutable {
          started_.Notify();
          status_ = outbox.Push(std::move(event));
          done_.Notify();
        }) {
    started_.WaitForNotification();
  }
  ~Pusher() { thread_.join(); }

  bool is_done() const { return done_.HasBeenNotified(); }

  absl::Status Await() {
    return done_.WaitForNotificationWithTimeout(kPatience) ? status_ : absl::DeadlineExceededError("still blocked");
  }

 private:
  absl::Notification started_;
  absl::Notification done_;
  absl::Status status_;
  std::thread thread_;
};

TEST(Outbox, IsEmptyAtFirst) {
  Outbox outbox(1);
  EXPECT_FALSE(outbox.Pop().has_value());
}

TEST(Outbox, GivesEventsInOrder) {
  Outbox outbox(2);
  for (JobEvent event :
       std::vector<JobEvent>{JobAccepted{}, JobQueued{1}, ProgressOf(0), Chunk(0), Chunk(1), JobCompleted{}})
    EXPECT_THAT(outbox.Push(std::move(event)), IsOk());
  EXPECT_THAT(PopAll(outbox),
              testing::ElementsAre("accepted", "queued 1", "progress 0", "chunk 0", "chunk 1", "completed"));
}

TEST(Outbox, KeepsTheLatestOfSnapshots) {
  Outbox outbox(8);
  for (JobEvent event : std::vector<JobEvent>{JobAccepted{}, JobQueued{3}, JobQueued{2}, ProgressOf(1), ProgressOf(2),
                                              Chunk(0), ProgressOf(3), JobQueued{1}, Chunk(1)})
    EXPECT_THAT(outbox.Push(std::move(event)), IsOk());
  EXPECT_THAT(PopAll(outbox), testing::ElementsAre("accepted", "chunk 0", "progress 3", "queued 1", "chunk 1"));
}

TEST(Outbox, KeepsSnapshotsThatWereTaken) {
  Outbox outbox(8);
  EXPECT_THAT(outbox.Push(ProgressOf(1)), IsOk());
  EXPECT_THAT(PopAll(outbox), testing::ElementsAre("progress 1"));
  EXPECT_THAT(outbox.Push(ProgressOf(2)), IsOk());
  EXPECT_THAT(PopAll(outbox), testing::ElementsAre("progress 2"));
}

TEST(Outbox, AChunkWaitsForRoomUntilOneIsTaken) {
  Outbox outbox(2);
  EXPECT_THAT(outbox.Push(Chunk(0)), IsOk());
  EXPECT_THAT(outbox.Push(Chunk(1)), IsOk());
  Pusher pusher(outbox, Chunk(2));
  EXPECT_FALSE(pusher.is_done());
  EXPECT_EQ(Name(*outbox.Pop()), "chunk 0");
  EXPECT_THAT(pusher.Await(), IsOk());
  EXPECT_THAT(PopAll(outbox), testing::ElementsAre("chunk 1", "chunk 2"));
}

TEST(Outbox, LosesNoChunkBetweenThreads) {
  constexpr int kChunks = 1000;
  Outbox outbox(3);
  std::thread producer([&] {
    for (int i = 0; i < kChunks; ++i) {
      EXPECT_THAT(outbox.Push(ProgressOf(i)), IsOk());
      EXPECT_THAT(outbox.Push(Chunk(i)), IsOk());
    }
    EXPECT_THAT(outbox.Push(JobCompleted{}), IsOk());
  });
  int64_t chunks = 0;
  for (bool ended = false; !ended;) {
    const std::optional<JobEvent> event = outbox.Pop();
    if (!event.has_value()) {
      std::this_thread::yield();
    } else if (const auto* chunk = std::get_if<JobChunk>(&*event)) {
      EXPECT_EQ(chunk->offset, chunks++);
    } else {
      ended = std::holds_alternative<JobCompleted>(*event);
    }
  }
  producer.join();
  EXPECT_EQ(chunks, kChunks);
}

TEST(Outbox, EverythingElseFitsIntoAFullOne) {
  Outbox outbox(1);
  EXPECT_THAT(outbox.Push(Chunk(0)), IsOk());
  EXPECT_THAT(outbox.Push(ProgressOf(1)), IsOk());
  EXPECT_THAT(outbox.Push(JobFailed{absl::InternalError("boom")}), IsOk());
  EXPECT_THAT(PopAll(outbox), testing::ElementsAre("chunk 0", "progress 1", "failed"));
}

TEST(Outbox, RefuseChunksEndsAPushThatWaits) {
  Outbox outbox(1);
  EXPECT_THAT(outbox.Push(Chunk(0)), IsOk());
  Pusher pusher(outbox, Chunk(1));
  EXPECT_FALSE(pusher.is_done());
  outbox.RefuseChunks(absl::DeadlineExceededError("too late"));
  EXPECT_THAT(pusher.Await(), StatusIs(absl::StatusCode::kDeadlineExceeded, "too late"));
}

TEST(Outbox, RefusesChunksForTheFirstReasonAndTakesTheRest) {
  Outbox outbox(8);
  EXPECT_THAT(outbox.Push(Chunk(0)), IsOk());
  outbox.RefuseChunks(absl::DeadlineExceededError("too late"));
  outbox.RefuseChunks(absl::CancelledError("not wanted"));
  EXPECT_THAT(outbox.Push(Chunk(1)), StatusIs(absl::StatusCode::kDeadlineExceeded, "too late"));
  EXPECT_THAT(outbox.Push(ProgressOf(1)), IsOk());
  EXPECT_THAT(outbox.Push(JobFailed{absl::DeadlineExceededError("too late")}), IsOk());
  EXPECT_THAT(PopAll(outbox), testing::ElementsAre("chunk 0", "progress 1", "failed"));
}

TEST(Outbox, CloseEndsAPushThatWaits) {
  Outbox outbox(1);
  EXPECT_THAT(outbox.Push(Chunk(0)), IsOk());
  Pusher pusher(outbox, Chunk(1));
  EXPECT_FALSE(pusher.is_done());
  outbox.Close();
  EXPECT_THAT(pusher.Await(), StatusIs(absl::StatusCode::kCancelled));
}

TEST(Outbox, AClosedOneIsEmptyAndRefusesEverything) {
  Outbox outbox(1);
  EXPECT_THAT(outbox.Push(Chunk(0)), IsOk());
  outbox.Close();
  EXPECT_FALSE(outbox.Pop().has_value());
  for (JobEvent event : std::vector<JobEvent>{JobAccepted{}, JobQueued{}, ProgressOf(0), Chunk(0), JobCompleted{}})
    EXPECT_THAT(outbox.Push(std::move(event)), StatusIs(absl::StatusCode::kCancelled));
  EXPECT_FALSE(outbox.Pop().has_value());
  outbox.Close();
}

}  // namespace
}  // namespace ruyi
