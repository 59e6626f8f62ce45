#include "client/generate_command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <nlohmann/json.hpp>
#include <opencv2/imgcodecs.hpp>
#include <sstream>
#include <vector>

#include "absl/synchronization/notification.h"
#include "tests/client/client_process.h"
#include "tests/client/fake_server.h"
#include "tests/client/sample_film.h"
#include "tests/client/scripted_events.h"
#include "tests/support/temporary_folder.h"

namespace ruyi::client {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr char kOlder[] = "an older film";

// The built program against a fake server, with an older film under the name that --out gives.
class GenerateCommandTest : public testing::Test {
 protected:
  std::vector<std::string> Arguments(const std::vector<std::string>& more) const {
    std::vector<std::string> arguments = {"generate", "--server", server_.address(), "--image", picture_,
                                          "--out",    out_};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  }

  ClientResult Run(const std::vector<std::string>& more = {}) {
    return ClientProcess(folder_.path(), Arguments(more)).Wait();
  }

  // Nothing but the older film is there.
  void ExpectNothingSaved() {
    EXPECT_EQ(ReadFile(out_), kOlder);
    EXPECT_THAT(PartFiles(folder_.path()), IsEmpty());
  }

  void ExpectFailure(const ClientResult& result, int exit_code, const std::string& error) {
    EXPECT_EQ(result.exit_code, exit_code) << result.err;
    EXPECT_THAT(result.err, HasSubstr(error));
    EXPECT_EQ(result.out, "");
    ExpectNothingSaved();
  }

  TemporaryFolder folder_;
  std::string picture_ = folder_.Write("photo.png", "a picture");
  std::string out_ = folder_.Write("film.mp4", kOlder);
  std::string sheet_ = folder_.path() / "sheet.png";
  absl::Notification done_;  // for a script to wait on; outlives the server's threads
  FakeServer server_;
};

TEST_F(GenerateCommandTest, SavesTheVideo) {
  const std::string film(1000, 'f');
  server_.Play(WholeVideo(film, 256));
  const ClientResult result = Run();
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(ReadFile(out_), film);
  EXPECT_EQ(result.out, out_ + ": 1000 bytes, 64x48, 9 frames, seed 42, made in 3.5 s\n");
  EXPECT_EQ(result.err, "videos/7 accepted: 64x48, 9 frames, seed 42, 25 steps\n");
  EXPECT_THAT(PartFiles(folder_.path()), IsEmpty());
}

TEST_F(GenerateCommandTest, SendsTheRequest) {
  server_.Play(WholeVideo("film", 4));
  EXPECT_EQ(Run({"--frames", "16", "--size", "96x64"}).exit_code, 0);
  ASSERT_EQ(server_.requests().size(), 1);
  EXPECT_EQ(server_.requests()[0].start_images(0).data(), "a picture");
  EXPECT_EQ(server_.requests()[0].frame_count(), 16);
  EXPECT_EQ(server_.requests()[0].size().width(), 96);
}

TEST_F(GenerateCommandTest, WritesTheContactSheet) {
  server_.Play(WholeVideo(ReadFile(WriteSampleFilm(folder_.path() / "sample.mp4", 9)), 512));
  const ClientResult result = Run({"--sheet", sheet_});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(cv::imread(sheet_).size(), cv::Size(4 * 64 + 3 * 4, 2 * 48 + 4));
}

TEST_F(GenerateCommandTest, KeepsTheVideoWhenTheSheetCannotBeMade) {
  server_.Play(WholeVideo("no film", 4));
  const ClientResult result = Run({"--sheet", sheet_});
  EXPECT_EQ(result.exit_code, 5);
  EXPECT_THAT(result.err, HasSubstr("the video is saved, but not --sheet"));
  EXPECT_EQ(ReadFile(out_), "no film");
  EXPECT_FALSE(std::filesystem::exists(sheet_));
  EXPECT_THAT(PartFiles(folder_.path()), IsEmpty());
}

TEST_F(GenerateCommandTest, PrintsOneJsonObjectForEachEvent) {
  server_.Play(WholeVideo("0123456789", 4));
  const ClientResult result = Run({"--json"});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_EQ(result.err, "");
  std::istringstream lines(result.out);
  std::string kinds;
  for (std::string line; std::getline(lines, line);) {
    const nlohmann::json event = nlohmann::json::parse(line);
    for (const char* kind : {"accepted", "chunk", "completed"}) {
      kinds += event.contains(kind) ? std::string(kind) + " " : "";
    }
  }
  EXPECT_EQ(kinds, "accepted chunk chunk chunk chunk completed ");
}

TEST_F(GenerateCommandTest, NamesTheFlagsOfARefusedRequest) {
  server_.Play({}, ToGrpc(DetailedStatus(grpc::INVALID_ARGUMENT, "2 fields are wrong", "INVALID_REQUEST",
                                         {{"frame_count", "20 is wrong"}, {"start_images[0]", "no picture"}})));
  ExpectFailure(Run(), 3,
                "error: the server refuses the request [INVALID_REQUEST]\n"
                "  --frames: 20 is wrong\n"
                "  --image number 1 (" +
                    picture_ + "): no picture\n");
}

TEST_F(GenerateCommandTest, NamesTheFlagsOfTheOptions) {
  server_.Play({}, ToGrpc(DetailedStatus(grpc::INVALID_ARGUMENT, "2 fields are wrong", "INVALID_REQUEST",
                                         {{"acceleration.loras[1].name", "there is none"},
                                          {"acceleration.tea_cache.skip_end_steps", "0 is out of range"}})));
  ExpectFailure(Run({"--lora", "film", "--lora", "sketch=2", "--tea-cache", "0.1", "--tea-cache-skip", "3,0"}), 3,
                "error: the server refuses the request [INVALID_REQUEST]\n"
                "  --lora number 2 (sketch): there is none\n"
                "  END of --tea-cache-skip: 0 is out of range\n");
}

TEST_F(GenerateCommandTest, ListsTheMemoryModesThatDoNotFit) {
  server_.Play({}, ToGrpc(NothingFitsStatus()));
  ExpectFailure(Run(), 3,
                "error: no memory mode fits [VRAM_BUDGET]\n"
                "  20 blocks, 5 states: would take too much\n");
}

TEST_F(GenerateCommandTest, SaysThatADeviceBrokeOnAnotherVideo) {
  const auto status = DetailedStatus(grpc::ABORTED, "a device broke", "WORKER_LOST", {}, 10'000);
  server_.Play({AcceptedEvent(), FailedEvent(status)}, ToGrpc(status));
  ExpectFailure(Run(), 4, "error: a device broke [WORKER_LOST]\n  try again in 10 s\n");
}

TEST_F(GenerateCommandTest, GoesOnAfterARetry) {
  std::vector<v1::VideoEvent> events = WholeVideo("film", 4);
  events.insert(events.begin() + 1, RetryEvent());
  server_.Play(events);
  const ClientResult result = Run();
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(ReadFile(out_), "film");
  EXPECT_THAT(result.err, HasSubstr("\nout of memory: goes on with 10 blocks, 5 states\n"));
}

TEST_F(GenerateCommandTest, SaysThatTheServerHasNoSuchMode) {
  server_.Play({}, ToGrpc(DetailedStatus(grpc::UNIMPLEMENTED, "acceleration.fp8: in 8 bits", "FEATURE_NOT_BUILT",
                                         {{"acceleration.fp8", "in 8 bits"}})));
  ExpectFailure(Run({"--fp8", "none"}), 3,
                "error: the server refuses the request [FEATURE_NOT_BUILT]\n"
                "  --fp8: in 8 bits\n");
}

TEST_F(GenerateCommandTest, SaysWhenToTryAgain) {
  const auto status = DetailedStatus(grpc::RESOURCE_EXHAUSTED, "the queue is full", "QUEUE_FULL", {}, 5000);
  server_.Play({AcceptedEvent(), FailedEvent(status)}, ToGrpc(status));
  ExpectFailure(Run(), 4, "error: the queue is full [QUEUE_FULL]\n  try again in 5 s\n");
}

TEST_F(GenerateCommandTest, TellsThatTheServerFailed) {
  const auto status = DetailedStatus(grpc::INTERNAL, "a fault", "INTERNAL");
  server_.Play({AcceptedEvent(), FailedEvent(status)}, ToGrpc(status));
  ExpectFailure(Run(), 1, "error: a fault [INTERNAL]\n");
}

TEST_F(GenerateCommandTest, BelievesTheFailedEventWhenTheCallEndsOtherwise) {
  server_.Play({AcceptedEvent(), FailedEvent(DetailedStatus(grpc::DEADLINE_EXCEEDED, "too slow", "JOB_TIMEOUT"))});
  ExpectFailure(Run(), 7, "error: too slow [JOB_TIMEOUT]\n");
}

TEST_F(GenerateCommandTest, AFailureWithoutACodeIsAFailure) {
  server_.Play({AcceptedEvent(), FailedEvent(google::rpc::Status())});
  ExpectFailure(Run(), 1, "error: status 0\n");
}

TEST_F(GenerateCommandTest, DoesNotKnowWhatBecameOfABrokenStream) {
  server_.Play({AcceptedEvent(), ChunkEvent(0, "half a film")});
  ExpectFailure(Run(), 1, "what became of the video is unknown");
  server_.Play({AcceptedEvent()}, grpc::Status(grpc::UNAVAILABLE, "connection reset"));
  ExpectFailure(Run(), 1, "(connection reset): what became of the video is unknown");
}

TEST_F(GenerateCommandTest, FindsDamagedBytes) {
  v1::VideoEvent damaged = ChunkEvent(0, "film");
  damaged.mutable_chunk()->set_data("fiml");
  server_.Play({AcceptedEvent(), damaged, HeartbeatEvent()});
  ExpectFailure(Run(), 6, "error: the video is damaged: wrong checksum of the chunk at byte 0");
}

TEST_F(GenerateCommandTest, FindsAGap) {
  server_.Play({AcceptedEvent(), ChunkEvent(0, "fi"), ChunkEvent(3, "m")});
  ExpectFailure(Run(), 6, "begins at byte 3 instead of 2");
}

TEST_F(GenerateCommandTest, FindsAWrongSha256) {
  server_.Play({AcceptedEvent(), ChunkEvent(0, "film"), LastChunkEvent("fiml"), CompletedEvent("film")});
  ExpectFailure(Run(), 6, "wrong SHA-256");
}

TEST_F(GenerateCommandTest, TakesALateBreakForNothing) {
  server_.Play(WholeVideo("film", 4), grpc::Status(grpc::UNAVAILABLE, "connection reset"));
  EXPECT_EQ(Run().exit_code, 0);
  EXPECT_EQ(ReadFile(out_), "film");
}

TEST_F(GenerateCommandTest, NamesTheAddressWhereNobodyAnswers) {
  std::vector<std::string> arguments = Arguments({});
  arguments[2] = "127.0.0.1:1";
  ExpectFailure(ClientProcess(folder_.path(), arguments).Wait(), 4, "no server answers at 127.0.0.1:1");
}

TEST_F(GenerateCommandTest, ReportsLocalFilesBeforeItAsks) {
  server_.Play(WholeVideo("film", 4));
  const std::string none = folder_.path() / "none";
  ExpectFailure(Run({"--image", none}), 5, "--image number 2 (" + none + ") cannot be read");
  ExpectFailure(Run({"--sheet", none + "/sheet.png"}), 5, "--sheet: cannot write");
  std::vector<std::string> arguments = Arguments({});
  arguments[6] = none + "/film.mp4";
  ExpectFailure(ClientProcess(folder_.path(), arguments).Wait(), 5, "--out: cannot write");
  EXPECT_THAT(server_.requests(), IsEmpty());
}

TEST_F(GenerateCommandTest, StopsWhenTheDiskIsFull) {
  const std::string film(100'000, 'f');
  server_.Play(WholeVideo(film, 10'000));
  rlimit before;
  getrlimit(RLIMIT_FSIZE, &before);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit small = {.rlim_cur = 65536, .rlim_max = before.rlim_max};
  setrlimit(RLIMIT_FSIZE, &small);
  ClientProcess process(folder_.path(), Arguments({}));
  setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
  ExpectFailure(process.Wait(), 5, "error: cannot write");
}

TEST_F(GenerateCommandTest, EndsAtItsTimeout) {
  server_.Play([this](grpc::ServerContext&, EventWriter& writer) {
    writer.Write(AcceptedEvent());
    done_.WaitForNotification();
    return grpc::Status::OK;
  });
  const ClientResult result = Run({"--timeout", "0.5"});
  done_.Notify();
  ExpectFailure(result, 7, "not done within the 0.5 s of --timeout: the video is cancelled");
}

// Sends `signal` in the midst of the film.
class GenerateSignalTest : public GenerateCommandTest {
 protected:
  ClientResult RunAndSend(int signal) {
    absl::Notification started;
    absl::Notification cancelled;
    server_.Play([&](grpc::ServerContext&, EventWriter& writer) {
      writer.Write(AcceptedEvent());
      writer.Write(ChunkEvent(0, "half a film"));
      started.Notify();
      while (writer.Write(HeartbeatEvent())) {
      }
      cancelled.Notify();
      return grpc::Status::CANCELLED;
    });
    ClientProcess process(folder_.path(), Arguments({}));
    started.WaitForNotification();
    kill(process.pid(), signal);
    ClientResult result = process.Wait();
    cancelled.WaitForNotification();
    return result;
  }
};

TEST_F(GenerateSignalTest, CtrlCCancelsTheVideo) {
  ExpectFailure(RunAndSend(SIGINT), 130, "error: interrupted: the video is cancelled");
}

TEST_F(GenerateSignalTest, SigtermCancelsTheVideo) {
  ExpectFailure(RunAndSend(SIGTERM), 143, "error: interrupted: the video is cancelled");
}

TEST_F(GenerateSignalTest, SighupCancelsTheVideo) {
  ExpectFailure(RunAndSend(SIGHUP), 129, "error: interrupted: the video is cancelled");
}

TEST_F(GenerateCommandTest, AWrongCommandLineEndsWithTwo) {
  ExpectFailure(Run({"--size", "12"}), 2, "error: --size: 12 is not WIDTHxHEIGHT");
}

}  // namespace
}  // namespace ruyi::client
