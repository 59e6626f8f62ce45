#include "server/metrics/queue_metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>

#include "absl/status/status.h"

namespace ruyi {
namespace {

using testing::Contains;
using testing::Key;
using testing::Not;
using testing::Pair;

std::map<std::string, double> GaugesOf(const absl::StatusOr<JobCounts>& counts) {
  const JobIntake intake({});
  const QueueMetrics metrics([&] { return counts; }, intake, 16);
  std::map<std::string, double> gauges;
  for (const prometheus::MetricFamily& family : metrics.Collect())
    gauges[family.name] = family.metric.front().gauge.value;
  return gauges;
}

TEST(QueueMetrics, TellWhatTheQueueIsPredictedToTake) {
  const auto gauges = GaugesOf(JobCounts{.waiting = 3, .running = 2, .predicted_seconds = 61.5});
  EXPECT_THAT(gauges, Contains(Pair("ruyi_jobs_waiting", 3)));
  EXPECT_THAT(gauges, Contains(Pair("ruyi_jobs_running", 2)));
  EXPECT_THAT(gauges, Contains(Pair("ruyi_jobs_predicted_seconds", 61.5)));
}

TEST(QueueMetrics, SayNothingOfAQueueThatTheStoreCannotCount) {
  const auto gauges = GaugesOf(absl::UnavailableError("the database is away"));
  for (const std::string name : {"ruyi_jobs_waiting", "ruyi_jobs_running", "ruyi_jobs_predicted_seconds"})
    EXPECT_THAT(gauges, Not(Contains(Key(name))));
  EXPECT_THAT(gauges, Contains(Pair("ruyi_queue_capacity", 16)));
}

}  // namespace
}  // namespace ruyi
