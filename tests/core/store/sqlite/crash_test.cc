// The process ends at each boundary of each write; what another one finds then must be whole, and what was promised
// must be there.
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <map>

#include "absl/strings/str_cat.h"
#include "core/store/sqlite/sqlite_job_store.h"
#include "tests/core/store/sqlite/sqlite_place.h"

namespace ruyi {
namespace {

enum class Ending { kBeforeCommit, kAfterCommit, kNotReached, kBroken };

struct Write {
  std::string name;
  std::function<absl::Status(SqliteJobStore&, FakeClock&)> prepare;  // in the process that will end, before it counts
  std::function<absl::Status(SqliteJobStore&, FakeClock&)> write;
  std::function<bool(const JobStore&)> is_done;  // whether its effect is there; empty: it comes in any case
};

absl::Status OkWhen(bool is_right) {
  return is_right ? absl::OkStatus() : absl::InternalError("unexpected");
}

Lease LeaseOf(SqliteJobStore& store) {
  auto lease = store.Claim("worker", absl::Seconds(30));
  return lease.ok() && lease->has_value() ? **lease : Lease();
}

JobRecord RecordOf(const JobStore& store, const std::string& id = "a") {
  return store.Get(id).value_or(JobRecord());
}

class CrashTest : public testing::Test {
 protected:
  // Runs `write` in a process of its own that ends at boundary number `boundary`.
  Ending EndAt(const Write& write, int boundary) {
    const pid_t child = fork();
    if (child == 0)
      _exit(static_cast<int>(RunUntil(write, boundary)));
    int status = 0;
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? static_cast<Ending>(WEXITSTATUS(status)) : Ending::kBroken;
  }

  Ending RunUntil(const Write& write, int boundary) {
    bool is_counting = false;
    bool is_committed = false;
    int seen = 0;
    auto store = Open([&](std::string_view point) {
      is_committed = is_committed || (is_counting && point == "after commit");
      if (is_counting && seen++ == boundary)
        _exit(static_cast<int>(is_committed ? Ending::kAfterCommit : Ending::kBeforeCommit));
    });
    if (!store.ok() || !write.prepare(**store, clock_).ok())
      return Ending::kBroken;
    is_counting = true;
    return write.write(**store, clock_).ok() ? Ending::kNotReached : Ending::kBroken;
  }

  absl::StatusOr<std::unique_ptr<SqliteJobStore>> Open(BoundaryHook hook = nullptr) {
    return SqliteJobStore::Open(folder_->path(), {.at_boundary = std::move(hook)}, clock_);
  }

  static void ExpectWhole(const JobStore& store) {
    ASSERT_OK_AND_ASSIGN(const JobPage all, store.List({}, 100, ""));
    std::map<JobState, int> states;
    for (const JobRecord& job : all.jobs) {
      ++states[job.state];
      ExpectWhole(store, job);
    }
    const JobFilter labelled = {.labels = {{"label", "value"}}};
    EXPECT_EQ(store.List(labelled, 100, "")->jobs.size(), all.jobs.size());
    EXPECT_EQ(store.Counts()->waiting, states[JobState::kQueued]);
    EXPECT_EQ(store.Counts()->running, 0);
    EXPECT_EQ(store.QueueOrder()->size(), static_cast<size_t>(states[JobState::kQueued]));
    EXPECT_EQ(store.Counts()->predicted_seconds, 2 * states[JobState::kQueued]);
  }

  static void ExpectWhole(const JobStore& store, const JobRecord& job) {
    ASSERT_OK_AND_ASSIGN(const std::vector<LoggedEvent> log, store.Read(job.ticket.id, 0, 100));
    ASSERT_EQ(static_cast<int64_t>(log.size()), job.last_seq);
    for (size_t i = 0; i < log.size(); ++i)
      EXPECT_EQ(log[i].seq, static_cast<int64_t>(i) + 1);
    EXPECT_EQ(IsLast(log.back().event), IsEnded(job.state));
  }

  void ExpectWholeAtEveryEnd(const Write& write) {
    Ending ending = Ending::kBeforeCommit;
    for (int boundary = 0; ending != Ending::kNotReached; ++boundary) {
      SCOPED_TRACE(absl::StrCat(write.name, ", boundary ", boundary));
      ASSERT_LT(boundary, 200);
      folder_ = std::make_unique<TemporaryFolder>();
      ending = EndAt(write, boundary);
      ASSERT_NE(ending, Ending::kBroken);
      ASSERT_OK_AND_ASSIGN(const std::unique_ptr<SqliteJobStore> store, Open());
      ExpectWhole(*store);
      if (write.is_done) {
        EXPECT_EQ(write.is_done(*store), ending != Ending::kBeforeCommit);
      }
      if (ending == Ending::kNotReached) {
        EXPECT_GT(boundary, 4) << "the write has no boundaries";
      }
      folder_.reset();
    }
  }

  static NewJob LabelledJob(const std::string& id) {
    NewJob job = TestRequest(id, "request of " + id);
    job.ticket.labels = {{"label", "value"}};
    return job;
  }

  static absl::Status CreateOne(SqliteJobStore& store, FakeClock& /*clock*/) {
    return store.Create(LabelledJob("a")).status();
  }

  static absl::Status CreateAndClaim(SqliteJobStore& store, FakeClock& clock, Lease& lease) {
    RUYI_RETURN_IF_ERROR(CreateOne(store, clock));
    lease = LeaseOf(store);
    return OkWhen(lease.token > 0);
  }

  Lease lease_;  // of the process that ends
  const std::function<absl::Status(SqliteJobStore&, FakeClock&)> create_and_claim_ =
      [this](SqliteJobStore& store, FakeClock& clock) { return CreateAndClaim(store, clock, lease_); };
  FakeClock clock_;
  std::unique_ptr<TemporaryFolder> folder_;
};

TEST_F(CrashTest, Create) {
  ExpectWholeAtEveryEnd({.name = "create",
                         .prepare = [](SqliteJobStore&, FakeClock&) { return absl::OkStatus(); },
                         .write = CreateOne,
                         .is_done = [](const JobStore& store) { return store.Get("a").ok(); }});
}

TEST_F(CrashTest, Claim) {
  ExpectWholeAtEveryEnd({.name = "claim",
                         .prepare = CreateOne,
                         .write = [](SqliteJobStore& store, FakeClock&) { return OkWhen(LeaseOf(store).token > 0); },
                         .is_done = [](const JobStore& store) { return RecordOf(store).crashes == 1; }});
}

TEST_F(CrashTest, Append) {
  ExpectWholeAtEveryEnd(
      {.name = "append",
       .prepare = create_and_claim_,
       .write = [this](SqliteJobStore& store, FakeClock&) { return store.Append(lease_, TestProgress(2)).status(); },
       .is_done = [](const JobStore& store) { return RecordOf(store).progress.has_value(); }});
}

TEST_F(CrashTest, SetCheckpoint) {
  ExpectWholeAtEveryEnd(
      {.name = "checkpoint",
       .prepare = create_and_claim_,
       .write = [this](SqliteJobStore& store,
                       FakeClock&) { return store.SetCheckpoint(lease_, {.step = 2, .sha256 = "checkpoint"}); },
       .is_done =
           [](const JobStore& store) {
             return RecordOf(store).checkpoint.has_value() && store.ReferencedInputs()->contains("checkpoint");
           }});
}

TEST_F(CrashTest, SetOutcome) {
  ExpectWholeAtEveryEnd(
      {.name = "outcome",
       .prepare = create_and_claim_,
       .write = [this](SqliteJobStore& store, FakeClock&) { return store.SetOutcome(lease_, TestCompleted()); },
       .is_done = [](const JobStore& store) { return RecordOf(store).outcome.has_value(); }});
}

TEST_F(CrashTest, HandBack) {
  ExpectWholeAtEveryEnd({.name = "hand back",
                         .prepare = create_and_claim_,
                         .write = [this](SqliteJobStore& store, FakeClock&) { return store.HandBack(lease_); },
                         .is_done = [](const JobStore& store) { return RecordOf(store).crashes == 0; }});
}

TEST_F(CrashTest, Finish) {
  ExpectWholeAtEveryEnd(
      {.name = "finish",
       .prepare = create_and_claim_,
       .write = [this](SqliteJobStore& store, FakeClock&) { return store.Finish(lease_, TestCompleted()); },
       .is_done =
           [](const JobStore& store) {
             return RecordOf(store).state == JobState::kSucceeded && (*store.FindReusable("key of a")).has_value();
           }});
}

TEST_F(CrashTest, Cancel) {
  ExpectWholeAtEveryEnd(
      {.name = "cancel",
       .prepare = CreateOne,
       .write = [](SqliteJobStore& store,
                   FakeClock&) { return store.Cancel("a", absl::CancelledError("no")).status(); },
       .is_done = [](const JobStore& store) { return RecordOf(store).state == JobState::kCancelled; }});
}

TEST_F(CrashTest, Delete) {
  ExpectWholeAtEveryEnd({.name = "delete",
                         .prepare =
                             [](SqliteJobStore& store, FakeClock& clock) {
                               RUYI_RETURN_IF_ERROR(CreateOne(store, clock));
                               return store.Cancel("a", absl::CancelledError("no")).status();
                             },
                         .write = [](SqliteJobStore& store, FakeClock&) { return store.Delete("a"); },
                         .is_done = [](const JobStore& store) { return !store.Get("a").ok(); }});
}

TEST_F(CrashTest, SweepOfALease) {
  ExpectWholeAtEveryEnd({.name = "sweep of a lease",
                         .prepare =
                             [this](SqliteJobStore& store, FakeClock& clock) {
                               const absl::Status status = create_and_claim_(store, clock);
                               clock.Advance(absl::Minutes(1));
                               return status;
                             },
                         .write = [](SqliteJobStore& store, FakeClock&) { return store.Sweep().status(); },
                         // The next process takes the lease back where the sweep did not.
                         .is_done = nullptr});
}

TEST_F(CrashTest, SweepOfAResult) {
  ExpectWholeAtEveryEnd({.name = "sweep of a result",
                         .prepare =
                             [this](SqliteJobStore& store, FakeClock& clock) {
                               RUYI_RETURN_IF_ERROR(create_and_claim_(store, clock));
                               RUYI_RETURN_IF_ERROR(store.Finish(lease_, TestCompleted()));
                               clock.Advance(absl::Hours(25));
                               return absl::OkStatus();
                             },
                         .write = [](SqliteJobStore& store, FakeClock&) { return store.Sweep().status(); },
                         .is_done = [](const JobStore& store) { return RecordOf(store).state == JobState::kExpired; }});
}

}  // namespace
}  // namespace ruyi
