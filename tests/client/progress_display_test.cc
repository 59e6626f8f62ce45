#include "client/progress_display.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>
#include <vector>

#include "client/event_text.h"
#include "client/json_events.h"
#include "client/plain_progress.h"
#include "client/terminal_progress.h"
#include "tests/client/scripted_events.h"

namespace ruyi::client {
namespace {

using nlohmann::json;
using testing::EndsWith;
using testing::HasSubstr;

constexpr char kClear[] = "\r\x1b[2K";

std::string PlainText(const std::vector<v1::VideoEvent>& events) {
  std::ostringstream out;
  PlainProgress display(&out);
  for (const v1::VideoEvent& event : events) {
    display.OnEvent(event);
  }
  display.Close();
  return out.str();
}

std::string TerminalText(const std::vector<v1::VideoEvent>& events, int columns = 80) {
  std::ostringstream out;
  TerminalProgress display(&out, columns);
  for (const v1::VideoEvent& event : events) {
    display.OnEvent(event);
  }
  return out.str();
}

json EventAsJson(const v1::VideoEvent& event) {
  std::ostringstream out;
  JsonEvents(&out, &out).OnEvent(event);
  EXPECT_EQ(out.str().find('\n'), out.str().size() - 1);
  return json::parse(out.str());
}

TEST(PlainProgress, HasALineForEachPhaseAndPlaceInTheQueue) {
  EXPECT_EQ(PlainText({AcceptedEvent(), QueuedEvent(2), QueuedEvent(0), ProgressEvent(v1::PHASE_CONDITIONING, 0, 1),
                       ProgressEvent(v1::PHASE_DENOISING, 0, 25), ProgressEvent(v1::PHASE_DECODING, 9, 9)}),
            "videos/7 accepted: 64x48, 9 frames, seed 42, 25 steps\n"
            "queued: 2 before this one\n"
            "queued: next\n"
            "conditioning: 0/1\n"
            "denoising: 0/25\n"
            "decoding: 9/9\n");
}

TEST(PlainProgress, HasALineForEachTenthOfAPhase) {
  std::vector<v1::VideoEvent> events;
  for (int step = 0; step <= 100; ++step) {
    events.push_back(ProgressEvent(v1::PHASE_DENOISING, step, 100));
  }
  const std::string text = PlainText(events);
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 11);
  EXPECT_THAT(text, HasSubstr("\ndenoising: 50/100\ndenoising: 60/100\n"));
}

TEST(PlainProgress, ShowsTheTimeLeft) {
  EXPECT_EQ(PlainText({ProgressEvent(v1::PHASE_DENOISING, 3, 25, 41)}), "denoising: 3/25, 41 s left\n");
}

TEST(PlainProgress, SaysHowManyStepsWereSkipped) {
  v1::VideoEvent event = ProgressEvent(v1::PHASE_DENOISING, 12, 25, 41);
  for (const int step : {5, 7, 9})
    event.mutable_progress()->add_skipped_steps(step);
  EXPECT_EQ(PlainText({event}), "denoising: 12/25, 41 s left, 3 steps skipped\n");
}

TEST(PlainProgress, SaysThatMemoryRanOut) {
  EXPECT_EQ(PlainText({RetryEvent()}), "out of memory: goes on with 10 blocks, 5 states\n");
}

TEST(PlainProgress, SaysNothingOfHeartbeatsAndPreviews) {
  v1::VideoEvent preview;
  preview.mutable_preview()->set_step(5);
  EXPECT_EQ(PlainText({HeartbeatEvent(), preview}), "");
}

TEST(PlainProgress, SaysWhatIsNewsOfAJob) {
  v1::VideoEvent queued = QueuedEvent(2);
  queued.mutable_queued()->mutable_expected_wait()->set_seconds(63);
  queued.mutable_queued()->set_paused(true);
  v1::VideoEvent first;
  first.mutable_started()->set_attempt(1);
  v1::VideoEvent second;
  second.mutable_started()->set_attempt(2);
  second.mutable_started()->set_worker("cuda:0");
  v1::VideoEvent resumed;
  resumed.mutable_resumed()->set_step(12);
  v1::VideoEvent cancelling;
  cancelling.mutable_cancelling()->mutable_status()->set_message("the caller asked for it");
  EXPECT_EQ(PlainText({queued, first, second, resumed, cancelling}),
            "queued: 2 before this one, about 1 min 3 s; the queue is paused\n"
            "attempt 2 of cuda:0\n"
            "goes on after step 12\n"
            "is being cancelled: the caller asked for it\n");
}

TEST(ProgressDisplay, TellsOfTheConnection) {
  std::ostringstream out;
  PlainProgress(&out).OnNotice("the server is away");
  TerminalProgress(&out, 80).OnNotice("the server is away");
  EXPECT_EQ(out.str(), "the server is away\n" + std::string(kClear) + "the server is away\n");
}

TEST(SummaryText, NamesTheVideoWhoseFilmItIs) {
  v1::Video video = CompletedEvent("film").completed().video();
  video.mutable_result()->set_reused_from("videos/3");
  EXPECT_EQ(SummaryText("film.mp4", video), "film.mp4: 4 bytes, 64x48, 9 frames, seed 42, the bytes of videos/3");
}

TEST(SummaryText, CountsTheResumes) {
  v1::Video video = CompletedEvent("film").completed().video();
  video.mutable_usage()->set_resumes(2);
  EXPECT_THAT(SummaryText("film.mp4", video), EndsWith("made in 3.5 s, 2 resumes"));
}

TEST(JsonEvents, KeepSentencesOutOfTheEvents) {
  std::ostringstream out;
  std::ostringstream notices;
  JsonEvents(&out, &notices).OnNotice("the server is away");
  EXPECT_EQ(out.str(), "");
  EXPECT_EQ(notices.str(), "the server is away\n");
}

TEST(PlainProgress, TakesATotalOfZero) {
  EXPECT_EQ(PlainText({ProgressEvent(v1::PHASE_DENOISING, 0, 0)}), "denoising: 0/0\n");
}

TEST(TerminalProgress, DrawsPhaseBarStepsAndTime) {
  EXPECT_EQ(TerminalText({ProgressEvent(v1::PHASE_DENOISING, 10, 20, 65)}),
            std::string(kClear) + "denoising    [##########..........] 10/20  1 min 5 s left");
}

TEST(TerminalProgress, SaysHowManyStepsWereSkipped) {
  v1::VideoEvent event = ProgressEvent(v1::PHASE_DENOISING, 10, 20, 65);
  event.mutable_progress()->add_skipped_steps(7);
  EXPECT_THAT(TerminalText({event}), EndsWith("10/20  1 min 5 s left  1 step skipped"));
}

TEST(TerminalProgress, DrawsOverTheSameLine) {
  EXPECT_THAT(TerminalText({QueuedEvent(1), ProgressEvent(v1::PHASE_DECODING, 0, 4)}),
              EndsWith(std::string("queued: 1 before this one") + kClear + "decoding     [....................] 0/4"));
}

TEST(TerminalProgress, KeepsTheAcceptedLine) {
  EXPECT_EQ(TerminalText({AcceptedEvent()}),
            std::string(kClear) + "videos/7 accepted: 64x48, 9 frames, seed 42, 25 steps\n");
}

TEST(TerminalProgress, KeepsTheLineThatMemoryRanOut) {
  EXPECT_EQ(TerminalText({RetryEvent()}), std::string(kClear) + "out of memory: goes on with 10 blocks, 5 states\n");
}

TEST(TerminalProgress, CutsTheLineOnANarrowTerminal) {
  EXPECT_EQ(TerminalText({ProgressEvent(v1::PHASE_DENOISING, 10, 20)}, 10), std::string(kClear) + "denoising");
}

TEST(TerminalProgress, KeepsTheBarWithinItsFrame) {
  EXPECT_THAT(TerminalText({ProgressEvent(v1::PHASE_DENOISING, 30, 20)}), HasSubstr("[####################] 30/20"));
  EXPECT_THAT(TerminalText({ProgressEvent(v1::PHASE_DENOISING, -1, 0)}), HasSubstr("[....................] -1/0"));
}

TEST(TerminalProgress, TakesTheLineAwayAtTheEnd) {
  std::ostringstream out;
  TerminalProgress(&out, 80).Close();
  EXPECT_EQ(out.str(), kClear);
}

TEST(JsonEvents, HaveTheNamesOfTheContractAndZeros) {
  v1::VideoEvent event = ProgressEvent(v1::PHASE_DENOISING, 0, 25, 41);
  event.set_seq(3);
  const json line = EventAsJson(event);
  EXPECT_EQ(line["seq"], "3");
  EXPECT_EQ(
      line["progress"],
      (json{
          {"phase", "PHASE_DENOISING"}, {"step", 0}, {"total", 25}, {"eta", "41s"}, {"skipped_steps", json::array()}}));
}

TEST(JsonEvents, TellARetry) {
  const json retry = EventAsJson(RetryEvent())["retry"];
  EXPECT_EQ(retry["from"]["resident_blocks"], 20);
  EXPECT_EQ(retry["to"], (json{{"resident_blocks", 10},
                               {"resident_states", 5},
                               {"branches_in_turn", false},
                               {"autoencoder_in_slabs", false}}));
  EXPECT_EQ(retry["reason"], "no memory for 1 GiB");
}

TEST(JsonEvents, ListTheSkippedSteps) {
  v1::VideoEvent event = ProgressEvent(v1::PHASE_DENOISING, 10, 20);
  event.mutable_progress()->add_skipped_steps(7);
  EXPECT_EQ(EventAsJson(event)["progress"]["skipped_steps"], json{7});
}

TEST(JsonEvents, NameFieldsInSnakeCase) {
  EXPECT_EQ(EventAsJson(AcceptedEvent())["accepted"]["video"]["settings"]["frame_count"], 9);
}

TEST(JsonEvents, CarryTheDetailsOfAFailure) {
  const json status =
      EventAsJson(FailedEvent(DetailedStatus(grpc::INTERNAL, "broken", "INTERNAL")))["failed"]["status"];
  EXPECT_EQ(status["message"], "broken");
  EXPECT_EQ(status["details"][0]["reason"], "INTERNAL");
}

TEST(JsonEvents, KeepTheMessageWhenADetailIsUnknown) {
  google::rpc::Status status;
  status.set_code(grpc::INTERNAL);
  status.set_message("broken");
  status.add_details()->set_type_url("type.googleapis.com/no.Such");
  EXPECT_EQ(EventAsJson(FailedEvent(status))["failed"]["status"]["message"], "broken");
}

TEST(JsonEvents, KeepTheNumberOfAnEventWithoutJsonForm) {
  for (v1::VideoEvent event : {AcceptedEvent(), HeartbeatEvent()}) {
    event.set_seq(5);
    event.mutable_time()->set_seconds(int64_t{1} << 60);
    EXPECT_EQ(EventAsJson(event)["seq"], "5");
  }
}

TEST(EventText, NamesEveryPhase) {
  EXPECT_EQ(PhaseText(v1::PHASE_CONDITIONING), "conditioning");
  EXPECT_EQ(PhaseText(v1::PHASE_DENOISING), "denoising");
  EXPECT_EQ(PhaseText(v1::PHASE_DECODING), "decoding");
  EXPECT_EQ(PhaseText(v1::PHASE_UNSPECIFIED), "working");
}

TEST(EventText, SumsUpTheVideo) {
  EXPECT_EQ(SummaryText("film.mp4", CompletedEvent("abc").completed().video()),
            "film.mp4: 3 bytes, 64x48, 9 frames, seed 42, made in 3.5 s");
}

TEST(EventText, SaysTheModeThatWasChosen) {
  v1::Video video = AcceptedEvent().accepted().video();
  v1::MemoryPlan& plan = *video.mutable_plan();
  plan.mutable_mode()->set_resident_blocks(20);
  plan.mutable_mode()->set_resident_states(5);
  plan.mutable_mode()->set_branches_in_turn(true);
  plan.set_predicted_mib(22893);
  plan.mutable_predicted_time()->set_seconds(63);
  EXPECT_EQ(AcceptedText(video),
            "videos/7 accepted: 64x48, 9 frames, seed 42, 25 steps; "
            "20 blocks, 5 states, branches in turn, 22893 MiB, about 1 min 3 s");
  plan.mutable_mode()->set_autoencoder_in_slabs(true);
  EXPECT_THAT(AcceptedText(video), EndsWith("branches in turn, autoencoder in slabs, 22893 MiB, about 1 min 3 s"));
}

TEST(EventText, SumsUpPeakAndRetries) {
  v1::Video video = CompletedEvent("abc").completed().video();
  video.mutable_usage()->set_peak_mib(22893);
  EXPECT_THAT(SummaryText("film.mp4", video), EndsWith("made in 3.5 s, peak 22893 MiB"));
  video.mutable_usage()->set_retries(1);
  EXPECT_THAT(SummaryText("film.mp4", video), EndsWith("peak 22893 MiB, 1 retry"));
  video.mutable_usage()->set_retries(2);
  EXPECT_THAT(SummaryText("film.mp4", video), EndsWith("peak 22893 MiB, 2 retries"));
}

TEST(EventText, SumsUpTheSkippedSteps) {
  v1::Video video = CompletedEvent("abc").completed().video();
  video.mutable_result()->add_skipped_steps(3);
  video.mutable_result()->add_skipped_steps(5);
  EXPECT_THAT(SummaryText("film.mp4", video), EndsWith("made in 3.5 s, 2 steps skipped"));
}

}  // namespace
}  // namespace ruyi::client
