#include "client/generate_command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <opencv2/imgcodecs.hpp>
#include <sstream>

#include "tests/client/generate_command_fixture.h"
#include "tests/client/sample_film.h"

namespace ruyi::client {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST_F(GenerateCommandTest, SavesTheVideo) {
  const std::string film(1000, 'f');
  server_.Make(film, 256);
  const ClientResult result = Run();
  ExpectSaved(result, film);
  EXPECT_EQ(result.out, out_ + ": 1000 bytes, 64x48, 9 frames, seed 42, made in 3.5 s\n");
  EXPECT_EQ(result.err, "videos/7 accepted: 64x48, 9 frames, seed 42, 25 steps\n");
}

TEST_F(GenerateCommandTest, SendsTheRequest) {
  server_.Make("film", 4);
  EXPECT_EQ(Run({"--frames", "16", "--size", "96x64", "--label", "a=b", "--crf", "20"}).exit_code, 0);
  ASSERT_EQ(server_.creations().size(), 1);
  const v1::GenerateVideoRequest request = server_.creations()[0].request();
  EXPECT_EQ(request.start_images(0).data(), "a picture");
  EXPECT_EQ(request.frame_count(), 16);
  EXPECT_EQ(request.size().width(), 96);
  EXPECT_EQ(request.labels().at("a"), "b");
  EXPECT_EQ(request.encoding().crf(), 20);
  EXPECT_THAT(request.request_id(), testing::MatchesRegex("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"));
  EXPECT_FALSE(server_.creations()[0].validate_only());
}

TEST_F(GenerateCommandTest, DrawsAnIdForEachRequest) {
  server_.Make("film", 4);
  Run();
  Run();
  EXPECT_NE(server_.creations()[0].request().request_id(), server_.creations()[1].request().request_id());
}

TEST_F(GenerateCommandTest, DoesNotWriteOverItsPictures) {
  const std::string same = (folder_.path() / "." / "film.mp4").string();
  const ClientResult film = Run({"--end-image", same});
  EXPECT_EQ(film.exit_code, 2);
  EXPECT_THAT(film.err, HasSubstr("--out would overwrite the picture " + same + "; name another file"));
  const ClientResult sheet = Run({"--sheet", sheet_, "--end-image", sheet_});
  EXPECT_EQ(sheet.exit_code, 2);
  EXPECT_THAT(sheet.err, HasSubstr("--sheet would overwrite the picture " + sheet_));
  ExpectNothingSaved();
}

TEST_F(GenerateCommandTest, WritesTheContactSheet) {
  server_.Make(ReadFile(WriteSampleFilm(folder_.path() / "sample.mp4", 9)), 512);
  const ClientResult result = Run({"--sheet", sheet_});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(cv::imread(sheet_).size(), cv::Size(4 * 64 + 3 * 4, 2 * 48 + 4));
}

TEST_F(GenerateCommandTest, KeepsTheVideoWhenTheSheetCannotBeMade) {
  server_.Make("no film", 4);
  const ClientResult result = Run({"--sheet", sheet_});
  EXPECT_EQ(result.exit_code, 5);
  EXPECT_THAT(result.err, HasSubstr("the video is saved, but not --sheet"));
  EXPECT_EQ(ReadFile(out_), "no film");
  EXPECT_FALSE(std::filesystem::exists(sheet_));
  EXPECT_THAT(PartFiles(folder_.path()), IsEmpty());
}

TEST_F(GenerateCommandTest, PrintsOneJsonObjectForEachEvent) {
  server_.Make("0123456789", 4);
  const ClientResult result = Run({"--json"});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_EQ(result.err, "");
  std::istringstream lines(result.out);
  std::string kinds;
  for (std::string line; std::getline(lines, line);) {
    const nlohmann::json event = nlohmann::json::parse(line);
    for (const char* kind : {"accepted", "chunk", "completed"})
      kinds += event.contains(kind) ? std::string(kind) + " " : "";
  }
  EXPECT_EQ(kinds, "accepted completed ");
}

TEST_F(GenerateCommandTest, NamesTheFlagsOfARefusedRequest) {
  server_.OnCreate(
      FailCreate(ToGrpc(DetailedStatus(grpc::INVALID_ARGUMENT, "2 fields are wrong", "INVALID_REQUEST",
                                       {{"frame_count", "20 is wrong"}, {"start_images[0]", "no picture"}}))));
  ExpectFailure(Run({"--request-id", kRequestId}), 3,
                kAbout +
                    "the server refuses the request [INVALID_REQUEST]\n"
                    "  --frames: 20 is wrong\n"
                    "  --image number 1 (" +
                    picture_ + "): no picture\n");
}

TEST_F(GenerateCommandTest, NamesTheFlagsOfTheOptions) {
  server_.OnCreate(
      FailCreate(ToGrpc(DetailedStatus(grpc::INVALID_ARGUMENT, "2 fields are wrong", "INVALID_REQUEST",
                                       {{"acceleration.loras[1].name", "there is none"},
                                        {"acceleration.tea_cache.skip_end_steps", "0 is out of range"}}))));
  ExpectFailure(Run({"--lora", "film", "--lora", "sketch=2", "--tea-cache", "0.1", "--tea-cache-skip", "3,0",
                     "--request-id", kRequestId}),
                3,
                kAbout +
                    "the server refuses the request [INVALID_REQUEST]\n"
                    "  --lora number 2 (sketch): there is none\n"
                    "  END of --tea-cache-skip: 0 is out of range\n");
}

TEST_F(GenerateCommandTest, ListsTheMemoryModesThatDoNotFit) {
  server_.OnCreate(FailCreate(ToGrpc(NothingFitsStatus())));
  ExpectFailure(Run({"--request-id", kRequestId}), 3,
                kAbout +
                    "no memory mode fits [VRAM_BUDGET]\n"
                    "  20 blocks, 5 states: would take too much\n");
}

TEST_F(GenerateCommandTest, SaysThatADeviceBrokeOnAnotherVideo) {
  const auto status = DetailedStatus(grpc::ABORTED, "a device broke", "WORKER_LOST", {}, 10'000);
  server_.Accept({AcceptedEvent(), FailedEvent(status)});
  ExpectFailure(Run(), 4, "error: videos/7: a device broke [WORKER_LOST]\n  try again in 10 s\n");
}

TEST_F(GenerateCommandTest, GoesOnAfterARetry) {
  server_.OnCreate(&CreateIt);
  server_.OnWatch(SendEvents({AcceptedEvent(), RetryEvent(), CompletedEvent("film")}));
  server_.OnDownload(SendFilm("film", 4));
  const ClientResult result = Run();
  ExpectSaved(result, "film");
  EXPECT_THAT(result.err, HasSubstr("\nout of memory: goes on with 10 blocks, 5 states\n"));
}

TEST_F(GenerateCommandTest, SaysThatTheServerHasNoSuchMode) {
  server_.OnCreate(FailCreate(ToGrpc(DetailedStatus(grpc::UNIMPLEMENTED, "acceleration.fp8: in 8 bits",
                                                    "FEATURE_NOT_BUILT", {{"acceleration.fp8", "in 8 bits"}}))));
  ExpectFailure(Run({"--fp8", "none", "--request-id", kRequestId}), 3,
                kAbout +
                    "the server refuses the request [FEATURE_NOT_BUILT]\n"
                    "  --fp8: in 8 bits\n");
}

TEST_F(GenerateCommandTest, SaysWhenToTryAgain) {
  const auto status = DetailedStatus(grpc::RESOURCE_EXHAUSTED, "the queue is full", "QUEUE_FULL", {}, 5000);
  server_.Accept({AcceptedEvent(), FailedEvent(status)});
  ExpectFailure(Run(), 4, "error: videos/7: the queue is full [QUEUE_FULL]\n  try again in 5 s\n");
}

TEST_F(GenerateCommandTest, TellsThatTheServerFailed) {
  const auto status = DetailedStatus(grpc::INTERNAL, "a fault", "INTERNAL");
  server_.Accept({AcceptedEvent(), FailedEvent(status)});
  ExpectFailure(Run(), 1, "error: videos/7: a fault [INTERNAL]\n");
}

TEST_F(GenerateCommandTest, BelievesTheFailedEventWhenTheCallEndsOtherwise) {
  server_.Accept({AcceptedEvent(), FailedEvent(DetailedStatus(grpc::DEADLINE_EXCEEDED, "too slow", "JOB_TIMEOUT"))},
                 grpc::Status(grpc::UNAVAILABLE, "connection reset"));
  ExpectFailure(Run(), 7, "error: videos/7: too slow [JOB_TIMEOUT]\n");
}

TEST_F(GenerateCommandTest, AFailureWithoutACodeIsAFailure) {
  server_.Accept({AcceptedEvent(), FailedEvent(google::rpc::Status())});
  ExpectFailure(Run(), 1, "error: videos/7: status 0\n");
}

TEST_F(GenerateCommandTest, FindsDamagedBytes) {
  v1::VideoChunk damaged = Chunk(0, "film");
  damaged.set_data("fiml");
  server_.OnCreate(&CreateIt);
  server_.OnWatch(&BeatUntilCancelled);
  server_.OnDownload([damaged](grpc::ServerContext&, const v1::DownloadVideoRequest&, ChunkWriter& writer) {
    writer.Write(damaged);
    return grpc::Status::OK;
  });
  ExpectFailure(Run(), 6,
                "error: videos/7: the video is damaged: wrong checksum of the chunk at byte 0; the bytes are thrown "
                "away: `ruyi-client download videos/7 --out " +
                    out_ + "` gets them anew\n");
}

TEST_F(GenerateCommandTest, TakesALateBreakForNothing) {
  server_.OnCreate(&CreateIt);
  server_.OnWatch(
      SendEvents({AcceptedEvent(), CompletedEvent("film")}, grpc::Status(grpc::UNAVAILABLE, "connection reset")));
  server_.OnDownload(SendFilm("film", 4));
  ExpectSaved(Run(), "film");
}

TEST_F(GenerateCommandTest, NamesTheAddressWhereNobodyAnswers) {
  std::vector<std::string> arguments = Arguments({"--retry-for", "0", "--request-id", kRequestId});
  arguments[2] = "127.0.0.1:1";
  const ClientResult result = ClientProcess(folder_.path(), arguments).Wait();
  ExpectFailure(result, 4, kAbout + "no server answers at 127.0.0.1:1");
  EXPECT_THAT(result.err, HasSubstr(std::string("the same command with --request-id ") + kRequestId));
}

TEST_F(GenerateCommandTest, ReportsLocalFilesBeforeItAsks) {
  server_.Make("film", 4);
  const std::string none = folder_.path() / "none";
  ExpectFailure(Run({"--image", none}), 5, "--image number 2 (" + none + ") cannot be read");
  ExpectFailure(Run({"--sheet", none + "/sheet.png"}), 5, "--sheet: cannot write");
  std::vector<std::string> arguments = Arguments({});
  arguments[6] = none + "/film.mp4";
  ExpectFailure(ClientProcess(folder_.path(), arguments).Wait(), 5, "--out: cannot write");
  EXPECT_THAT(server_.creations(), IsEmpty());
}

TEST_F(GenerateCommandTest, EndsAtItsTimeout) {
  server_.OnCreate(&CreateIt);
  server_.OnWatch(SendEvents({}, grpc::Status(grpc::UNAVAILABLE, "connection reset")));
  server_.OnDownload(&WaitUntilCancelled);
  ExpectFailure(RunHere({"--timeout", "60"}), 7,
                "error: videos/7: not done within the 1 min of --timeout: the video is cancelled\n");
  EXPECT_THAT(server_.named(), ElementsAre("cancel videos/7"));
}

TEST_F(GenerateCommandTest, TheTimeoutLeavesADetachedVideo) {
  server_.OnCreate(&CreateIt);
  server_.OnWatch(SendEvents({}, grpc::Status(grpc::UNAVAILABLE, "connection reset")));
  server_.OnDownload(&WaitUntilCancelled);
  const ClientResult result = RunHere({"--timeout", "60", "--detach"});
  ExpectKept(result, 7, "error: videos/7: not done within the 1 min of --timeout: the video is left to the server; ");
  EXPECT_EQ(result.out, "videos/7\n");
  EXPECT_THAT(server_.named(), IsEmpty());
}

TEST_F(GenerateCommandTest, TheTimeoutEndsTheWaitForAnAnswer) {
  server_.OnCreate(FailCreate(ToGrpc(DetailedStatus(grpc::UNAVAILABLE, "it loads", "MODEL_LOADING"))));
  ExpectFailure(RunHere({"--timeout", "60"}), 7, "the server did not answer within --timeout; the same command with ");
}

TEST_F(GenerateCommandTest, AWrongCommandLineEndsWithTwo) {
  ExpectFailure(Run({"--size", "12"}), 2, "error: --size: 12 is not WIDTHxHEIGHT");
}

}  // namespace
}  // namespace ruyi::client
