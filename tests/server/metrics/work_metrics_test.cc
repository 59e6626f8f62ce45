#include "server/metrics/work_metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <prometheus/text_serializer.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "tests/support/test_costs.h"

namespace ruyi {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class WorkMetricsTest : public testing::Test {
 protected:
  WorkMetricsTest() {
    job_.ticket.id = "job";
    job_.spec.size = {.width = 768, .height = 512};
    job_.spec.frame_count = 24;
    job_.placement.prediction.Of(Stage::kDenoise) = {.peak_bytes = 1000 * kTestMib, .seconds = 10};
  }

  void Tell(JobEvent event, absl::Time time = absl::UnixEpoch()) {
    metrics_.OnJobEvent(job_, {.seq = 1, .time = time, .event = std::move(event)});
  }

  // Ends the job after work that took `seconds` and this memory.
  void Complete(GenerationReport report, double seconds, int resumes = 0) {
    Tell(JobCompleted{.result = {}, .usage = {.report = report, .worked = absl::Seconds(seconds), .resumes = resumes}});
  }

  void TellSteps(int done, std::optional<absl::Duration> per_unit) {
    Tell(JobProgress{.progress = {.phase = Phase::kDenoising, .done = done, .total = 25, .skipped_steps = {}},
                     .per_unit = per_unit,
                     .remaining = {}});
  }

  std::string Text() const { return prometheus::TextSerializer().Serialize(registry_.Collect()); }

  prometheus::Registry registry_;
  WorkMetrics metrics_{registry_};
  JobRecord job_;
};

TEST_F(WorkMetricsTest, MeasureStepsByShapeOnceForEachVideo) {
  TellSteps(24, absl::Seconds(4));
  TellSteps(25, absl::Seconds(2));
  EXPECT_THAT(Text(), AllOf(HasSubstr("ruyi_step_seconds_count{frames=\"24\",side=\"768\"} 1\n"),
                            HasSubstr("ruyi_step_seconds_sum{frames=\"24\",side=\"768\"} 2\n")));
}

TEST_F(WorkMetricsTest, PutSizesIntoFewShapes) {
  job_.spec.size = {.width = 800, .height = 2000};
  job_.spec.frame_count = 128;
  TellSteps(25, absl::Seconds(2));
  job_.spec.size = {.width = 400, .height = 384};
  job_.spec.frame_count = 32;
  TellSteps(25, absl::Seconds(2));
  EXPECT_THAT(Text(), AllOf(HasSubstr("ruyi_step_seconds_count{frames=\"more\",side=\"more\"} 1\n"),
                            HasSubstr("ruyi_step_seconds_count{frames=\"48\",side=\"384\"} 1\n")));
}

TEST_F(WorkMetricsTest, LeaveOutStepsThatWereNotMeasured) {
  TellSteps(25, std::nullopt);
  EXPECT_THAT(Text(), Not(HasSubstr("ruyi_step_seconds_count")));
}

TEST_F(WorkMetricsTest, CompareWhatAVideoTookWithWhatWasPredicted) {
  Complete({.mode = {}, .peak_bytes = 900 * kTestMib}, 12);
  EXPECT_THAT(Text(),
              AllOf(HasSubstr("\nruyi_job_memory_ratio_count 1\n"), HasSubstr("\nruyi_job_memory_ratio_sum 0.9"),
                    HasSubstr("\nruyi_job_time_ratio_count 1\n"), HasSubstr("\nruyi_job_time_ratio_sum 1.2")));
}

TEST_F(WorkMetricsTest, CompareNothingThatWasDoneAgain) {
  Complete({.mode = {}, .peak_bytes = 900 * kTestMib, .stages = {}, .retries = 1}, 12);
  EXPECT_THAT(Text(),
              AllOf(HasSubstr("\nruyi_job_memory_ratio_count 0\n"), HasSubstr("\nruyi_job_time_ratio_count 0\n")));
  Complete({.mode = {}, .peak_bytes = 900 * kTestMib}, 12, /*resumes=*/1);
  EXPECT_THAT(Text(),
              AllOf(HasSubstr("\nruyi_job_memory_ratio_count 1\n"), HasSubstr("\nruyi_job_time_ratio_count 0\n")));
}

TEST_F(WorkMetricsTest, CompareNothingWithoutAPrediction) {
  job_.placement = {};
  Complete({.mode = {}, .peak_bytes = 900 * kTestMib}, 12);
  EXPECT_THAT(Text(),
              AllOf(HasSubstr("\nruyi_job_memory_ratio_count 0\n"), HasSubstr("\nruyi_job_time_ratio_count 0\n")));
}

TEST_F(WorkMetricsTest, CountModes) {
  Complete({.mode = {.resident_blocks = 12, .resident_states = 3, .branches_in_turn = true}}, 12);
  Complete({.mode = {.resident_blocks = 0, .resident_states = 3, .autoencoder_in_slabs = true}}, 12);
  EXPECT_THAT(Text(),
              AllOf(HasSubstr("ruyi_job_modes_total{autoencoder=\"whole\",blocks=\"20\",branches=\"in_turn\"} 1\n"),
                    HasSubstr("ruyi_job_modes_total{autoencoder=\"slabs\",blocks=\"0\",branches=\"together\"} 1\n")));
}

TEST_F(WorkMetricsTest, LeaveOutVideosThatWereNotMade) {
  Tell(JobCompleted{.result = {.reused_from = "other"}, .usage = {}});
  EXPECT_THAT(Text(), AllOf(Not(HasSubstr("ruyi_job_modes_total{")), HasSubstr("\nruyi_job_memory_ratio_count 0\n")));
}

TEST_F(WorkMetricsTest, MeasureCancels) {
  const absl::Time asked = absl::FromUnixSeconds(100);
  Tell(JobCancelling{absl::CancelledError("enough")}, asked);
  Tell(JobFailed{absl::CancelledError("enough")}, asked + absl::Seconds(2));
  Tell(JobFailed{absl::InternalError("broken")}, asked + absl::Seconds(9));
  EXPECT_THAT(Text(),
              AllOf(HasSubstr("\nruyi_job_cancel_seconds_count 1\n"), HasSubstr("\nruyi_job_cancel_seconds_sum 2\n")));
}

TEST_F(WorkMetricsTest, ForgetTheOldestOfManyCancels) {
  for (size_t i = 0; i <= WorkMetrics::kMostCancels; ++i) {
    job_.ticket.id = absl::StrCat("job", i);
    Tell(JobCancelling{absl::CancelledError("enough")}, absl::FromUnixSeconds(static_cast<int64_t>(i)));
  }
  for (const char* id : {"job0", "job1"}) {
    job_.ticket.id = id;
    Tell(JobFailed{absl::CancelledError("enough")}, absl::FromUnixSeconds(5000));
  }
  EXPECT_THAT(Text(), AllOf(HasSubstr("\nruyi_job_cancel_seconds_count 1\n"),
                            HasSubstr("\nruyi_job_cancel_seconds_sum 4999\n")));
}

TEST_F(WorkMetricsTest, MeasureCheckpoints) {
  metrics_.OnCheckpoint({.took = absl::Milliseconds(20), .bytes = 2 << 20});
  EXPECT_THAT(Text(), AllOf(HasSubstr("\nruyi_checkpoint_seconds_bucket{le=\"0.03\"} 1\n"),
                            HasSubstr("\nruyi_checkpoint_seconds_bucket{le=\"0.01\"} 0\n"),
                            HasSubstr("\nruyi_checkpoint_bytes_sum 2097152\n")));
}

}  // namespace
}  // namespace ruyi
