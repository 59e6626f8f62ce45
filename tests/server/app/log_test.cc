#include "server/app/log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_split.h"
#include "absl/time/time.h"
#include "core/base/error_info.h"
#include "core/base/error_reasons.h"
#include "server/app/job_log.h"
#include "tests/server/app/logged.h"
#include "tests/server/patience.h"

namespace ruyi {
namespace {

using nlohmann::json;
using testing::ElementsAre;

std::vector<std::string> Events(const std::vector<json>& lines) {
  std::vector<std::string> events;
  for (const json& line : lines)
    events.push_back(line.value("event", "none"));
  return events;
}

TEST(Log, WritesAnObjectPerLine) {
  const std::vector<json> lines = Logged("info", [] {
    Log(LogLevel::kInfo, "first", {{"text", "a \"b\"\n{c}"}, {"number", 1.5}, {"list", {1, 2}}});
    Log(LogLevel::kWarning, "second");
  });
  ASSERT_EQ(lines.size(), 2u);
  ASSERT_TRUE(lines[0].is_object());
  EXPECT_EQ(lines[0]["event"], "first");
  EXPECT_EQ(lines[0]["level"], "info");
  EXPECT_EQ(lines[0]["text"], "a \"b\"\n{c}");
  EXPECT_EQ(lines[0]["number"], 1.5);
  EXPECT_EQ(lines[0]["list"], json({1, 2}));
  EXPECT_EQ(lines[1]["event"], "second");
  EXPECT_EQ(lines[1]["level"], "warning");
}

TEST(Log, WritesATimeThatParses) {
  const std::vector<json> lines = Logged("info", [] { Log(LogLevel::kInfo, "now"); });
  absl::Time time;
  std::string error;
  EXPECT_TRUE(absl::ParseTime(absl::RFC3339_full, lines.at(0).value("time", ""), &time, &error)) << error;
}

TEST(Log, ReplacesWhatIsNotUtf8) {
  const std::vector<json> lines = Logged("info", [] {
    Log(LogLevel::kInfo, "odd",
        {{"text",
          "a\xff"
          "b"}});
  });
  ASSERT_TRUE(lines.at(0).is_object());
  EXPECT_EQ(lines[0]["text"],
            "a\xef\xbf\xbd"
            "b");
}

TEST(Log, DropsWhatIsBelowTheLevel) {
  const auto write_all = [] {
    Log(LogLevel::kDebug, "debug");
    Log(LogLevel::kInfo, "info");
    Log(LogLevel::kWarning, "warning");
    Log(LogLevel::kError, "error");
  };
  EXPECT_THAT(Events(Logged("debug", write_all)), ElementsAre("debug", "info", "warning", "error"));
  EXPECT_THAT(Events(Logged("info", write_all)), ElementsAre("info", "warning", "error"));
  EXPECT_THAT(Events(Logged("warning", write_all)), ElementsAre("warning", "error"));
  EXPECT_THAT(Events(Logged("error", write_all)), ElementsAre("error"));
}

// Standard error as a pipe whose reader does not read until it is told.
class StoppedReader {
 public:
  StoppedReader() : stderr_(dup(STDERR_FILENO)) {
    EXPECT_EQ(pipe(pipe_.data()), 0);
    dup2(pipe_[1], STDERR_FILENO);
    close(pipe_[1]);
  }
  ~StoppedReader() {
    close(pipe_[0]);
    close(stderr_);
  }

  // Everything up to `flush`, during which it reads. Standard error is what it was after that.
  std::string ReadDuring(const std::function<void()>& flush) {
    std::string text;
    std::thread reader([&] {
      std::array<char, 4096> part;
      for (ssize_t size; (size = read(pipe_[0], part.data(), part.size())) > 0;)
        text.append(part.data(), static_cast<size_t>(size));
    });
    flush();
    dup2(stderr_, STDERR_FILENO);  // the last writer of the pipe
    reader.join();
    return text;
  }

 private:
  const int stderr_;
  std::array<int, 2> pipe_;
};

TEST(Log, GoesOnWithoutAReaderAndSaysWhatWasLost) {
  constexpr int kLines = 3 * kLogCapacity;
  ASSERT_TRUE(FlushLog(kPatience));
  SetLogLevel("info");
  StoppedReader reader;
  const std::string text(100, 'x');  // so that the lines fill any pipe
  for (int i = 0; i < kLines; ++i)
    Log(LogLevel::kInfo, "line", {{"number", i}, {"text", text}});
  EXPECT_FALSE(FlushLog(absl::ZeroDuration()));
  const std::string written = reader.ReadDuring([] { EXPECT_TRUE(FlushLog(kPatience)); });
  SetLogLevel("error");
  int found = 0;
  int dropped = 0;
  json last;
  for (const absl::string_view line : absl::StrSplit(written, '\n', absl::SkipEmpty())) {
    last = json::parse(line, nullptr, /*allow_exceptions=*/false);
    ASSERT_TRUE(last.is_object()) << line;
    if (last["event"] == "log_dropped")
      dropped += last["lines"].get<int>();
    else
      ++found;
  }
  EXPECT_GT(dropped, 0);
  EXPECT_EQ(found + dropped, kLines);
  EXPECT_EQ(last["number"], kLines - 1);
}

JobRecord Named(const std::string& id) {
  JobRecord job;
  job.ticket.id = id;
  return job;
}

void Tell(const JobRecord& job, JobEvent event, int64_t seq = 1) {
  JobLog().OnJobEvent(job, LoggedEvent{.seq = seq, .event = std::move(event)});
}

TEST(JobLog, TellsBeginningAndEndOfAJob) {
  const std::vector<json> lines = Logged("info", [] {
    JobRecord job = Named("the-id");
    job.ticket.request_id = "mine";
    Placement placement = {.reason = "it fits"};
    placement.prediction.mode = {.resident_blocks = 20, .resident_states = 5};
    placement.prediction.Of(Stage::kDecode) = {.peak_bytes = int64_t{3} << 30, .seconds = 1.5};
    job.placement = placement;
    Tell(job, JobAccepted{});
    Tell(job, JobQueued{});
    Tell(job, JobStarted{.worker = "worker-1", .attempt = 2, .placement = placement});
    Tell(job, JobProgress{});
    Tell(job, JobPreview{});
    Tell(job, JobCompleted{.result = {.file = {.size_bytes = 99}},
                           .usage = {.queued = absl::Seconds(1),
                                     .conditioning = absl::Seconds(2),
                                     .denoising = absl::Seconds(3),
                                     .decoding = absl::Milliseconds(4500),
                                     .report = {.mode = {.resident_blocks = 10, .resident_states = 1},
                                                .peak_bytes = int64_t{2} << 30,
                                                .retries = 1},
                                     .resumes = 4}});
  });
  ASSERT_THAT(Events(lines), ElementsAre("job_accepted", "job_started", "job_completed"));
  EXPECT_EQ(lines[0]["job"], "the-id");
  EXPECT_EQ(lines[0]["request_id"], "mine");
  EXPECT_EQ(lines[0]["predicted_mib"], 3072);
  EXPECT_EQ(lines[0]["predicted_s"], 1.5);
  EXPECT_EQ(lines[1]["worker"], "worker-1");
  EXPECT_EQ(lines[1]["attempt"], 2);
  EXPECT_EQ(lines[1]["mode"], "20 blocks, 5 states");
  EXPECT_EQ(lines[1]["reason"], "it fits");
  EXPECT_EQ(lines[2]["job"], "the-id");
  EXPECT_EQ(lines[2]["size_bytes"], 99);
  EXPECT_EQ(lines[2]["queued_s"], 1);
  EXPECT_EQ(lines[2]["conditioning_s"], 2);
  EXPECT_EQ(lines[2]["denoising_s"], 3);
  EXPECT_EQ(lines[2]["decoding_s"], 4.5);
  EXPECT_EQ(lines[2]["mode"], "10 blocks, 1 states");
  EXPECT_EQ(lines[2]["peak_mib"], 2048);
  EXPECT_EQ(lines[2]["retries"], 1);
  EXPECT_EQ(lines[2]["resumes"], 4);
}

TEST(JobLog, TellsOfAJobThatWaitsAgain) {
  const std::vector<json> lines = Logged("info", [] {
    JobRecord job = Named("the-id");
    job.attempts = 2;
    job.crashes = 1;
    Tell(job, JobQueued{}, 2);  // its first wait, told of after a worker has claimed it
    Tell(job, JobQueued{}, 9);
    Tell(job, JobResumed{.step = 7});
  });
  ASSERT_THAT(Events(lines), ElementsAre("job_requeued", "job_resumed"));
  EXPECT_EQ(lines[0]["crashes"], 1);
  EXPECT_EQ(lines[1]["step"], 7);
}

TEST(JobLog, TellsOfACancellation) {
  const std::vector<json> lines = Logged("info", [] {
    Tell(Named("the-id"),
         JobCancelling{ErrorWithReason(absl::StatusCode::kCancelled, "gone", reason::kCancelledByCaller)});
  });
  ASSERT_THAT(Events(lines), ElementsAre("job_cancelling"));
  EXPECT_EQ(lines[0]["reason"], "CANCELLED_BY_CALLER");
}

TEST(JobLog, TellsOfRefusals) {
  const std::vector<json> lines = Logged("info", [] {
    JobLog().OnRefused({}, ErrorWithReason(absl::StatusCode::kResourceExhausted, "full", reason::kQueueFull));
  });
  ASSERT_THAT(Events(lines), ElementsAre("request_refused"));
  EXPECT_EQ(lines[0]["level"], "info");
  EXPECT_EQ(lines[0]["code"], "RESOURCE_EXHAUSTED");
  EXPECT_EQ(lines[0]["reason"], "QUEUE_FULL");
  EXPECT_EQ(lines[0]["message"], "full");
}

TEST(JobLog, WarnsOfARetry) {
  const std::vector<json> lines = Logged("info", [] {
    Tell(Named("the-id"), JobRetry{{.from = {.resident_blocks = 20, .resident_states = 5},
                                    .to = {.resident_blocks = 0, .resident_states = 1},
                                    .reason = "out of memory"}});
  });
  ASSERT_THAT(Events(lines), ElementsAre("job_retry"));
  EXPECT_EQ(lines[0]["level"], "warning");
  EXPECT_EQ(lines[0]["job"], "the-id");
  EXPECT_EQ(lines[0]["from"], "20 blocks, 5 states");
  EXPECT_EQ(lines[0]["to"], "0 blocks, 1 states");
  EXPECT_EQ(lines[0]["reason"], "out of memory");
}

TEST(JobLog, CallsOnlyFaultsErrors) {
  const std::vector<json> lines = Logged("info", [] {
    Tell(Named("a"), JobFailed{absl::InternalError("boom")});
    Tell(Named("b"), JobFailed{ErrorWithReason(absl::StatusCode::kCancelled, "gone", reason::kCancelledByCaller)});
    Tell(Named("c"), JobFailed{absl::UnknownError("what")});
  });
  ASSERT_THAT(Events(lines), ElementsAre("job_failed", "job_failed", "job_failed"));
  EXPECT_EQ(lines[0]["level"], "error");
  EXPECT_EQ(lines[0]["code"], "INTERNAL");
  EXPECT_EQ(lines[0]["message"], "boom");
  EXPECT_EQ(lines[1]["level"], "info");
  EXPECT_EQ(lines[1]["code"], "CANCELLED");
  EXPECT_EQ(lines[1]["reason"], "CANCELLED_BY_CALLER");
  EXPECT_EQ(lines[2]["level"], "error");
}

}  // namespace
}  // namespace ruyi
