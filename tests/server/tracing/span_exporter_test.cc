#include "server/tracing/span_exporter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/synchronization/notification.h"
#include "tests/server/tracing/fake_collector.h"

namespace ruyi {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

class SpanExporterTest : public testing::Test {
 protected:
  std::unique_ptr<SpanExporter> MakeExporter() {
    return std::make_unique<SpanExporter>(
        registry_,
        SpanExporter::Parts{.url = "http://collector/v1/traces",
                            .resource = {.version = "1.2.3", .instance_id = "i", .host = "h"},
                            .http = std::make_unique<FakeCollector>(collected_),
                            .retry_interval = absl::ZeroDuration(),
                            .on_change = [this](const absl::Status& status) { changes_.push_back(status.ok()); }});
  }

  static SpanExporter::Source One(const std::string& name) {
    return [name] { return std::vector<Span>{{.trace_id = "t", .span_id = "s", .parent_id = "", .name = name}}; };
  }

  double Count(const std::string& result) const {
    for (const prometheus::MetricFamily& family : registry_.Collect()) {
      for (const prometheus::ClientMetric& metric : family.metric) {
        if (metric.label.at(0).value == result)
          return metric.counter.value;
      }
    }
    return -1;
  }

  static absl::StatusOr<HttpResponse> Answer(int status) {
    return HttpResponse{.status = status, .headers = {}, .body = ""};
  }

  prometheus::Registry registry_;
  const std::shared_ptr<CollectedSpans> collected_ = std::make_shared<CollectedSpans>();
  std::vector<bool> changes_;  // whether the collector came or went; to be read after Flush
};

TEST_F(SpanExporterTest, SendsWhatItIsGiven) {
  const auto exporter = MakeExporter();
  exporter->Export(One("a"));
  EXPECT_THAT(collected_->Await("a", 1), SizeIs(1));
  EXPECT_THAT(collected_->urls(), ElementsAre("http://collector/v1/traces"));
  exporter->Flush(kPatience);
  EXPECT_EQ(Count("exported"), 1);
  EXPECT_THAT(changes_, IsEmpty());
}

TEST_F(SpanExporterTest, SendsWhatWaitsBeforeItsEnd) {
  const auto exporter = MakeExporter();
  for (int i = 0; i < 1000; ++i)
    exporter->Export(One("a"));
  exporter->Flush(kPatience);
  EXPECT_THAT(collected_->Await("a", 1000), SizeIs(1000));
  EXPECT_EQ(Count("exported"), 1000);
}

TEST_F(SpanExporterTest, DropsWhatComesAfterItsEnd) {
  const auto exporter = MakeExporter();
  exporter->Flush(kPatience);
  exporter->Export(One("a"));
  EXPECT_EQ(Count("dropped"), 1);
}

TEST_F(SpanExporterTest, DropsAndCountsWhatItHasNoRoomFor) {
  const auto exporter = MakeExporter();
  absl::Notification reached;
  absl::Notification go_on;
  exporter->Export([&] {
    reached.Notify();
    go_on.WaitForNotification();
    return std::vector<Span>();
  });
  reached.WaitForNotification();
  for (size_t i = 0; i < SpanExporter::kCapacity + 7; ++i)
    exporter->Export(One("a"));
  EXPECT_EQ(Count("dropped"), 7);
  go_on.Notify();
  exporter->Flush(kPatience);
  EXPECT_EQ(Count("exported"), SpanExporter::kCapacity);
}

TEST_F(SpanExporterTest, TriesAgainWhereThatMayHelp) {
  collected_->Answer({absl::UnavailableError("connection refused"), Answer(503)});
  const auto exporter = MakeExporter();
  exporter->Export(One("a"));
  EXPECT_THAT(collected_->Await("a", 1), SizeIs(1));
  exporter->Flush(kPatience);
  EXPECT_THAT(collected_->urls(), SizeIs(3));
  EXPECT_EQ(Count("exported"), 1);
}

TEST_F(SpanExporterTest, TellsWhenTheCollectorGoesAndComesBack) {
  collected_->Answer({Answer(429), Answer(429), Answer(500), Answer(400)});
  const auto exporter = MakeExporter();
  exporter->Export(One("lost"));
  collected_->AwaitRequests(SpanExporter::kAttempts);
  exporter->Export(One("refused"));
  exporter->Export(One("refused too"));
  collected_->AwaitRequests(SpanExporter::kAttempts + 1);
  exporter->Export(One("a"));
  EXPECT_THAT(collected_->Await("a", 1), SizeIs(1));
  exporter->Flush(kPatience);
  EXPECT_THAT(changes_, ElementsAre(false, true));
}

TEST_F(SpanExporterTest, DoesNotWaitForACollectorThatIsAwayAtItsEnd) {
  collected_->Answer(std::deque<absl::StatusOr<HttpResponse>>(100, absl::UnavailableError("connection refused")));
  const auto exporter = MakeExporter();
  absl::Notification go_on;
  exporter->Export([&] {
    go_on.WaitForNotification();
    return std::vector<Span>(1000);
  });
  exporter->Flush(absl::ZeroDuration());
  go_on.Notify();
  exporter->Flush(kPatience);
  EXPECT_EQ(Count("failed"), 1000);
  EXPECT_THAT(collected_->urls(), SizeIs(1));
}

}  // namespace
}  // namespace ruyi
