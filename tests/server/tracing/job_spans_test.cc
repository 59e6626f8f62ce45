#include "server/tracing/job_spans.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "server/tracing/trace_context.h"
#include "tests/support/test_plan.h"

namespace ruyi {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::Field;
using testing::IsEmpty;
using testing::Pair;

constexpr char kTraceId[] = "0af7651916cd43dd8448eb211c80319c";
constexpr char kParentId[] = "b7ad6b7169203331";

class JobSpansTest : public testing::Test {
 protected:
  JobSpansTest() {
    job_.ticket.id = "job-1";
    job_.ticket.traceparent = TraceparentOf({.trace_id = kTraceId, .span_id = kParentId});
    job_.spec = TestSpec();
    job_.create_time = absl::FromUnixSeconds(100);
    Log(100, JobAccepted());
    Log(100, JobQueued());
  }

  void Log(int64_t seconds, JobEvent event) {
    log_.push_back({.seq = static_cast<int64_t>(log_.size()) + 1,
                    .time = absl::FromUnixSeconds(seconds),
                    .event = std::move(event)});
  }

  static JobProgress At(Phase phase, int done) {
    return {
        .progress = {.phase = phase, .done = done, .total = 2, .skipped_steps = {}}, .per_unit = {}, .remaining = {}};
  }

  static auto Part(const std::string& name, int begin, int end) {
    return AllOf(Field(&Span::name, name), Field(&Span::begin, absl::FromUnixSeconds(begin)),
                 Field(&Span::end, absl::FromUnixSeconds(end)), Field(&Span::trace_id, kTraceId));
  }

  JobRecord job_;
  std::vector<LoggedEvent> log_;
};

TEST_F(JobSpansTest, AreOneForEachPhaseAndOneForTheWhole) {
  Log(103, JobStarted{.worker = "worker-0", .attempt = 1, .placement = {}});
  Log(105, At(Phase::kConditioning, 0));
  Log(106, At(Phase::kConditioning, 1));
  Log(110, At(Phase::kDenoising, 0));
  Log(118, At(Phase::kDenoising, 1));
  Log(120, At(Phase::kDecoding, 0));
  Log(130, JobCompleted());
  const std::vector<Span> spans = SpansOf(job_, log_);
  ASSERT_THAT(spans, ElementsAre(Part("queue", 100, 103), Part("placing", 103, 105), Part("conditioning", 105, 110),
                                 Part("denoising", 110, 120), Part("decoding", 120, 130), Part("job", 100, 130)));
  const Span& whole = spans.back();
  EXPECT_EQ(whole.parent_id, kParentId);
  EXPECT_FALSE(whole.is_error);
  for (size_t i = 0; i + 1 < spans.size(); ++i)
    EXPECT_EQ(spans[i].parent_id, whole.span_id);
  EXPECT_THAT(spans[3].attributes, Contains(Pair("ruyi.worker", SpanValue("worker-0"))));
  EXPECT_THAT(whole.attributes, Contains(Pair("ruyi.job", SpanValue("job-1"))));
}

TEST_F(JobSpansTest, HaveTheSameIdsInEveryProcess) {
  Log(103, JobFailed{absl::CancelledError("enough")});
  const std::vector<Span> spans = SpansOf(job_, log_);
  const std::vector<Span> again = SpansOf(job_, log_);
  ASSERT_EQ(spans.size(), 2);
  EXPECT_EQ(spans[0].span_id, again[0].span_id);
  EXPECT_EQ(spans[1].span_id, again[1].span_id);
  EXPECT_NE(spans[0].span_id, spans[1].span_id);
}

TEST_F(JobSpansTest, GoOnOverAttempts) {
  Log(103, JobStarted{.worker = "worker-0", .attempt = 1, .placement = {}});
  Log(104, At(Phase::kDenoising, 0));
  Log(110, JobQueued());
  Log(115, JobStarted{.worker = "worker-1", .attempt = 2, .placement = {}});
  Log(116, JobResumed{.step = 1});
  Log(117, At(Phase::kDenoising, 1));
  Log(119, JobCompleted());
  const std::vector<Span> spans = SpansOf(job_, log_);
  EXPECT_THAT(spans, ElementsAre(Part("queue", 100, 103), Part("placing", 103, 104), Part("denoising", 104, 110),
                                 Part("queue", 110, 115), Part("placing", 115, 117), Part("denoising", 117, 119),
                                 Part("job", 100, 119)));
  EXPECT_THAT(spans.back().events, ElementsAre(Field(&SpanEvent::name, "resumed")));
  EXPECT_THAT(spans[5].attributes, Contains(Pair("ruyi.attempt", SpanValue(int64_t{2}))));
}

TEST_F(JobSpansTest, BeginAnewAfterARetry) {
  Log(103, JobStarted());
  Log(104, At(Phase::kDenoising, 0));
  Log(105, JobRetry());
  Log(106, At(Phase::kDenoising, 0));
  Log(107, JobCompleted());
  const std::vector<Span> spans = SpansOf(job_, log_);
  EXPECT_THAT(spans, ElementsAre(Part("queue", 100, 103), Part("placing", 103, 104), Part("denoising", 104, 105),
                                 Part("placing", 105, 106), Part("denoising", 106, 107), Part("job", 100, 107)));
  EXPECT_THAT(spans.back().events, ElementsAre(Field(&SpanEvent::name, "retry")));
}

TEST_F(JobSpansTest, TellFaultsAndLeaveOutCancels) {
  log_.resize(2);
  Log(103, JobFailed{absl::InternalError("broken")});
  EXPECT_TRUE(SpansOf(job_, log_).back().is_error);
  EXPECT_EQ(SpansOf(job_, log_).back().message, "broken");
  log_.resize(2);
  Log(102, JobCancelling{absl::CancelledError("enough")});
  Log(103, JobFailed{absl::CancelledError("enough")});
  EXPECT_FALSE(SpansOf(job_, log_).back().is_error);
  EXPECT_THAT(SpansOf(job_, log_).back().events, ElementsAre(Field(&SpanEvent::name, "cancelling")));
}

TEST_F(JobSpansTest, AreMadeOfTheLastEventAlone) {
  log_.clear();
  Log(130, JobCompleted());
  EXPECT_THAT(SpansOf(job_, log_), ElementsAre(Part("job", 100, 130)));
}

TEST_F(JobSpansTest, AreNoneWhereTheTraceIsNotSampled) {
  job_.ticket.traceparent = TraceparentOf({.trace_id = kTraceId, .span_id = kParentId, .is_sampled = false});
  Log(103, JobCompleted());
  EXPECT_THAT(SpansOf(job_, log_), IsEmpty());
}

TEST_F(JobSpansTest, BeginATraceOfTheirOwnWithoutOne) {
  job_.ticket.traceparent = "";
  Log(103, JobCompleted());
  const std::vector<Span> spans = SpansOf(job_, log_);
  ASSERT_EQ(spans.size(), 2);
  EXPECT_EQ(spans.back().parent_id, "");
  EXPECT_EQ(spans.back().trace_id, TraceIdOf("job-1"));
}

TEST_F(JobSpansTest, AreNotEndless) {
  for (int i = 0; i < 1000; ++i)
    Log(103, JobQueued());
  Log(104, JobCompleted());
  EXPECT_EQ(SpansOf(job_, log_).size(), 201);
}

}  // namespace
}  // namespace ruyi
