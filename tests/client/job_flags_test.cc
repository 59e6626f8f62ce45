// The flags of jobs and of the commands that name videos: what they are read as, and what becomes of them in a request.
#include "client/job_flags.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "client/command_line.h"
#include "client/job_request.h"

namespace ruyi::client {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;
using testing::UnorderedElementsAre;

constexpr char kUuid[] = "7e6f0c1e-3b5c-4f0e-9a55-1d0b6c6f2a11";

struct Parsed {
  ParsedCommandLine result;
  std::string err;

  const CommandLine& line() const { return result.command_line; }
  v1::GenerateVideoRequest request() const {
    v1::GenerateVideoRequest request;
    SetJobOptions(line().create.job, request);
    return request;
  }
};

Parsed Parse(std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(), "ruyi-client");
  testing::internal::CaptureStderr();
  Parsed parsed = {ParseCommandLine(static_cast<int>(arguments.size()), arguments.data()), ""};
  parsed.err = testing::internal::GetCapturedStderr();
  return parsed;
}

Parsed ParseCreate(std::vector<const char*> more) {
  more.insert(more.begin(), {"create", "--image", "a.png"});
  return Parse(more);
}

void ExpectComplaint(const Parsed& parsed, const std::string& text) {
  EXPECT_EQ(parsed.result.exit_code, 2);
  EXPECT_THAT(parsed.err, HasSubstr(text));
}

TEST(JobFlags, LeaveWhatIsNotGivenToTheServer) {
  const Parsed parsed = ParseCreate({});
  EXPECT_FALSE(parsed.result.finished) << parsed.err;
  EXPECT_EQ(parsed.line().command, CommandLine::Command::kCreate);
  EXPECT_EQ(parsed.line().create.retry_for_s, 600);
  EXPECT_FALSE(parsed.line().create.validate_only);
  EXPECT_EQ(parsed.request().ByteSizeLong(), 0);
}

TEST(JobFlags, BecomeFieldsOfTheRequest) {
  const Parsed parsed = ParseCreate({"--request-id",
                                     kUuid,
                                     "--label",
                                     "a=b",
                                     "--label",
                                     "c=d=e",
                                     "--priority",
                                     "high",
                                     "--preview",
                                     "3",
                                     "--crf",
                                     "0",
                                     "--encoder-preset",
                                     "veryslow",
                                     "--fragment-frames",
                                     "4",
                                     "--reuse",
                                     "--retry-for",
                                     "0",
                                     "--validate-only"});
  ASSERT_FALSE(parsed.result.finished) << parsed.err;
  const v1::GenerateVideoRequest request = parsed.request();
  EXPECT_EQ(request.request_id(), kUuid);
  EXPECT_THAT(parsed.line().create.job.labels, ElementsAre(Pair("a", "b"), Pair("c", "d=e")));
  EXPECT_EQ(request.labels().at("c"), "d=e");
  EXPECT_EQ(request.priority(), v1::PRIORITY_HIGH);
  EXPECT_EQ(request.preview().every_steps(), 3);
  EXPECT_TRUE(request.encoding().has_crf());
  EXPECT_EQ(request.encoding().preset(), v1::ENCODER_PRESET_VERYSLOW);
  EXPECT_EQ(request.encoding().fragment_frames(), 4);
  EXPECT_EQ(request.reuse(), v1::REUSE_PREFER);
  EXPECT_EQ(parsed.line().create.retry_for_s, 0);
  EXPECT_TRUE(parsed.line().create.validate_only);
}

TEST(JobFlags, TakeAPreviewWithoutANumber) {
  const Parsed parsed = ParseCreate({"--preview", "--faststart"});
  ASSERT_FALSE(parsed.result.finished) << parsed.err;
  EXPECT_TRUE(parsed.request().has_preview());
  EXPECT_EQ(parsed.request().preview().every_steps(), 0);
  EXPECT_TRUE(parsed.request().encoding().faststart());
}

TEST(JobFlags, ComplainOfWhatIsNone) {
  ExpectComplaint(ParseCreate({"--label", "a"}), "a is not KEY=VALUE");
  ExpectComplaint(ParseCreate({"--label", "=b"}), "=b is not KEY=VALUE");
  ExpectComplaint(ParseCreate({"--priority", "now"}), "low,normal,high");
  ExpectComplaint(ParseCreate({"--preview", "often"}), "often is not a whole number");
  ExpectComplaint(ParseCreate({"--crf", "good"}), "good is not a whole number");
  ExpectComplaint(ParseCreate({"--encoder-preset", "placebo"}), "ultrafast");
  ExpectComplaint(ParseCreate({"--fragment-frames", "4", "--faststart"}), "excludes");
  for (const char* seconds : {"-1", "nan", "1e30", "soon"})
    ExpectComplaint(ParseCreate({"--retry-for", seconds}), "is not a number of seconds, 0 to a year");
}

TEST(JobFlags, TakeEveryRequestIdThatTheServerTakes) {
  for (const std::string& id : {std::string("order-17"), std::string("7"), std::string("a b"), std::string(64, 'x')}) {
    const Parsed parsed = ParseCreate({"--request-id", id.c_str()});
    EXPECT_FALSE(parsed.result.finished) << parsed.err;
    EXPECT_EQ(parsed.request().request_id(), id);
  }
}

TEST(JobFlags, ComplainOfARequestIdThatTheServerRefuses) {
  for (const std::string& id : {std::string(), std::string(65, 'x'), std::string("a\tb"), std::string("caf\u00e9")}) {
    ExpectComplaint(ParseCreate({"--request-id", id.c_str()}),
                    "--request-id: it must have 1 to 64 printable ASCII characters; a UUID is a good choice");
  }
}

TEST(JobFlags, OfGenerate) {
  const Parsed parsed = Parse({"generate", "--resume", "--detach", "--out", "film.mp4", "--retry-for", "5"});
  ASSERT_FALSE(parsed.result.finished) << parsed.err;
  EXPECT_TRUE(parsed.line().generate.resume);
  EXPECT_TRUE(parsed.line().generate.detach);
  EXPECT_EQ(parsed.line().generate.retry_for_s, 5);
}

TEST(Names, MayBeWithoutTheirFolder) {
  EXPECT_EQ(Parse({"watch", "7"}).line().watch.name, "videos/7");
  EXPECT_EQ(Parse({"watch", "videos/7"}).line().watch.name, "videos/7");
  EXPECT_EQ(Parse({"get", "7"}).line().get.name, "videos/7");
  EXPECT_EQ(Parse({"cancel", "7"}).line().name, "videos/7");
  EXPECT_EQ(Parse({"delete", "7"}).line().name, "videos/7");
  for (const char* name : {"", "videos/", "images/7", "videos/7/8"})
    ExpectComplaint(Parse({"get", name}), "is neither videos/ID nor an id");
}

TEST(CommandLine, ReadsWatch) {
  const Parsed parsed = Parse({"watch", "7", "--after", "12", "--json", "--retry-for", "1.5"});
  EXPECT_EQ(parsed.line().command, CommandLine::Command::kWatch);
  EXPECT_EQ(parsed.line().watch.after_seq, 12);
  EXPECT_TRUE(parsed.line().watch.json);
  EXPECT_EQ(parsed.line().watch.retry_for_s, 1.5);
  ExpectComplaint(Parse({"watch", "7", "--after", "x"}), "x is not a whole number");
}

TEST(CommandLine, ReadsDownload) {
  const Parsed parsed = Parse({"download", "7", "--out", "film.mp4", "--resume", "--json"});
  EXPECT_EQ(parsed.line().command, CommandLine::Command::kDownload);
  EXPECT_EQ(parsed.line().download.name, "videos/7");
  EXPECT_EQ(parsed.line().download.out, "film.mp4");
  EXPECT_TRUE(parsed.line().download.resume);
  EXPECT_TRUE(parsed.line().download.json);
  EXPECT_EQ(Parse({"download", "--resume", "--out", "film.mp4"}).line().download.name, "");
}

TEST(CommandLine, ReadsList) {
  const Parsed parsed = Parse({"list", "--state", "queued", "--state", "running", "--label", "a=b", "--limit", "3"});
  ASSERT_FALSE(parsed.result.finished) << parsed.err;
  EXPECT_EQ(parsed.line().command, CommandLine::Command::kList);
  EXPECT_THAT(parsed.line().list.states, ElementsAre("queued", "running"));
  EXPECT_THAT(parsed.line().list.labels, UnorderedElementsAre(Pair("a", "b")));
  EXPECT_EQ(parsed.line().list.limit, 3);
  EXPECT_THAT(Parse({"list"}).line().list.states, IsEmpty());
  ExpectComplaint(Parse({"list", "--state", "done"}), "queued,running");
  ExpectComplaint(Parse({"list", "--limit", "0"}), "0 is not a whole number from 1");
}

TEST(CommandLine, ReadsUpload) {
  const Parsed parsed = Parse({"upload", "a.png", "b.png"});
  EXPECT_EQ(parsed.line().command, CommandLine::Command::kUpload);
  EXPECT_THAT(parsed.line().uploads, ElementsAre("a.png", "b.png"));
}

TEST(CommandLine, KnowsWhetherTheServerWasGiven) {
  unsetenv("RUYI_SERVER");
  EXPECT_FALSE(Parse({"list"}).line().server_given);
  EXPECT_TRUE(Parse({"list", "--server", "here:1"}).line().server_given);
  setenv("RUYI_SERVER", "here:1", 1);
  EXPECT_TRUE(Parse({"list"}).line().server_given);
  unsetenv("RUYI_SERVER");
}

}  // namespace
}  // namespace ruyi::client
