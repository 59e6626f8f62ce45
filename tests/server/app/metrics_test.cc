// Tests what Prometheus reads.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "tests/server/app/running_server.h"
#include "tests/server/gate.h"
#include "tests/server/http_get.h"
#include "tests/server/patience.h"
#include "tests/server/test_request.h"
#include "tests/support/test_costs.h"

namespace ruyi {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using v1::VideoEvent;

// The metrics, once they have `line`: they are told of a job's end a moment after its stream.
std::string MetricsWith(RunningServer& running, const std::string& line) {
  const absl::Time give_up = absl::Now() + kPatience;
  std::string metrics = running.Metrics();
  while (metrics.find("\n" + line + "\n") == std::string::npos && absl::Now() < give_up)
    metrics = running.Metrics();
  return metrics;
}

TEST(Metrics, BeginWithNothing) {
  RunningServer running;
  EXPECT_THAT(running.Metrics(), AllOf(HasSubstr("HTTP/1.1 200 OK"), HasSubstr("\nruyi_jobs_accepted_total 0\n"),
                                       HasSubstr("\nruyi_mp4_bytes_total 0\n"), HasSubstr("\nruyi_jobs_waiting 0\n"),
                                       HasSubstr("\nruyi_jobs_running 0\n"), HasSubstr("\nruyi_queue_capacity 16\n"),
                                       HasSubstr("\nruyi_model_ready 1\n"), HasSubstr("\nruyi_workers_lost_total 0\n"),
                                       HasSubstr("\nruyi_job_retries_total{reason=\"GPU_OUT_OF_MEMORY\"} 0\n"),
                                       Not(HasSubstr("\nruyi_jobs_ended_total{"))));
}

TEST(Metrics, CountJobsThatComplete) {
  RunningServer running;
  for (int i = 0; i < 2; ++i)
    EXPECT_TRUE(running.Call(SmallRequest()).Finish().ok());
  EXPECT_THAT(MetricsWith(running, "ruyi_job_peak_mib_count 2"),
              AllOf(HasSubstr("\nruyi_jobs_accepted_total 2\n"),
                    HasSubstr("\nruyi_tenant_jobs_accepted_total{tenant=\"default\"} 2\n"),
                    HasSubstr("\nruyi_jobs_ended_total{code=\"OK\"} 2\n"), HasSubstr("\nruyi_mp4_bytes_total 1600\n"),
                    HasSubstr("\nruyi_job_queue_seconds_count 2\n"),
                    HasSubstr("\nruyi_job_phase_seconds_count{phase=\"conditioning\"} 2\n"),
                    HasSubstr("\nruyi_job_phase_seconds_count{phase=\"denoising\"} 2\n"),
                    HasSubstr("\nruyi_job_phase_seconds_count{phase=\"decoding\"} 2\n")));
}

TEST(Metrics, ShowWhatAVideoMayTake) {
  RunningOptions options;
  options.pipeline.available_bytes = [] { return 4000 * kTestMib; };
  options.pipeline.available_host_bytes = [] { return 9000 * kTestMib; };
  RunningServer running(options);
  EXPECT_THAT(running.Metrics(),
              AllOf(HasSubstr("\nruyi_vram_available_mib 4000\n"), HasSubstr("\nruyi_host_available_mib 9000\n")));
}

TEST(Metrics, ShowWhatVideosTookAndWhatWasPredicted) {
  RunningOptions options;
  options.pipeline.out_of_memory = 1;
  RunningServer running(options);
  EXPECT_TRUE(running.Call(SmallRequest()).Finish().ok());
  EXPECT_THAT(MetricsWith(running, "ruyi_job_peak_mib_count 1"),
              AllOf(HasSubstr("\nruyi_job_predicted_mib_sum 4164\n"), HasSubstr("\nruyi_job_peak_mib_sum 3164\n"),
                    HasSubstr("\nruyi_job_peak_mib_bucket{le=\"4096\"} 1\n"),
                    HasSubstr("\nruyi_job_retries_total{reason=\"GPU_OUT_OF_MEMORY\"} 1\n")));
}

TEST(Metrics, CountJobsThatFailByCode) {
  RunningOptions options;
  options.pipeline.fail_with = absl::InternalError("boom");
  RunningServer running(options);
  EXPECT_FALSE(running.Call(SmallRequest()).Finish().ok());
  EXPECT_THAT(
      MetricsWith(running, "ruyi_jobs_ended_total{code=\"INTERNAL\"} 1"),
      AllOf(HasSubstr("\nruyi_jobs_accepted_total 1\n"), HasSubstr("\nruyi_jobs_ended_total{code=\"INTERNAL\"} 1\n"),
            Not(HasSubstr("code=\"OK\"")), Not(HasSubstr("ruyi_job_queue_seconds_count 1"))));
}

TEST(Metrics, CountWhatWasRefusedBeforeAJobByItself) {
  RunningServer running;
  v1::GenerateVideoRequest request = SmallRequest();
  request.set_steps(0);
  EXPECT_FALSE(running.Call(request).Finish().ok());
  EXPECT_THAT(running.Metrics(),
              AllOf(HasSubstr("\nruyi_jobs_accepted_total 0\n"), Not(HasSubstr("\nruyi_jobs_ended_total{")),
                    HasSubstr("\nruyi_requests_refused_total{code=\"INVALID_ARGUMENT\",reason=\"INVALID_REQUEST\"} "
                              "1\n")));
}

TEST(Metrics, CountJobsThatTookTheBytesOfOthers) {
  RunningServer running;
  v1::GenerateVideoRequest request = SmallRequest();
  request.set_seed(5);
  request.set_reuse(v1::REUSE_PREFER);
  for (int i = 0; i < 2; ++i)
    EXPECT_TRUE(running.Call(request).Finish().ok());
  EXPECT_THAT(MetricsWith(running, "ruyi_jobs_reused_total 1"),
              AllOf(HasSubstr("\nruyi_jobs_reused_total 1\n"), HasSubstr("\nruyi_jobs_ended_total{code=\"OK\"} 2\n"),
                    HasSubstr("\nruyi_job_queue_seconds_count 1\n")));
}

TEST(Metrics, ShowTheQueue) {
  Gate gate;
  RunningOptions options;
  options.server.queue_capacity = 1;
  options.pipeline.at_boundary = [&](Phase phase, int done) {
    if (phase == Phase::kDenoising && done == 0)
      gate.Pass();
  };
  RunningServer running(options);
  VideoCall first = running.Call(SmallRequest());
  ASSERT_TRUE(gate.AwaitReached());
  VideoCall second = running.Call(SmallRequest());
  EXPECT_EQ(LastOf(second.ReadUntil(VideoEvent::kQueued)).queued().position(), 1);
  EXPECT_EQ(running.Call(SmallRequest()).Finish().error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_THAT(running.Metrics(),
              AllOf(HasSubstr("\nruyi_jobs_waiting 1\n"), HasSubstr("\nruyi_jobs_running 1\n"),
                    HasSubstr("\nruyi_queue_capacity 1\n"), HasSubstr("\nruyi_jobs_accepted_total 2\n"),
                    HasSubstr("\nruyi_requests_refused_total{code=\"RESOURCE_EXHAUSTED\",reason=\"QUEUE_FULL\"} 1\n")));
  gate.Open();
  EXPECT_TRUE(first.Finish().ok());
  EXPECT_TRUE(second.Finish().ok());
}

TEST(Metrics, SayThatTheModelIsNotReady) {
  Gate gate;
  RunningOptions options;
  options.awaits_loading = false;
  options.on_load = [&] {
    gate.Pass();
    return absl::OkStatus();
  };
  RunningServer running(options);
  EXPECT_THAT(running.Metrics(),
              AllOf(HasSubstr("\nruyi_model_ready 0\n"), Not(HasSubstr("\nruyi_vram_available_mib"))));
  gate.Open();
}

TEST(Metrics, AreTheOnlyPage) {
  RunningServer running;
  EXPECT_THAT(HttpGet(running.server().metrics_port(), "/etc/passwd"), HasSubstr("404"));
}

}  // namespace
}  // namespace ruyi
