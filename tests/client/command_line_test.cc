#include "client/command_line.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <optional>
#include <utility>
#include <vector>

namespace ruyi::client {
namespace {

using testing::ElementsAre;
using testing::FieldsAre;
using testing::HasSubstr;
using testing::IsEmpty;

struct Parsed {
  ParsedCommandLine result;
  std::string out;
  std::string err;

  const GenerateOptions& generate() const { return result.command_line.generate; }
  const RequestOptions& request() const { return generate().request; }
  const EstimateOptions& estimate() const { return result.command_line.estimate; }
};

Parsed Parse(std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(), "ruyi-client");
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  Parsed parsed;
  parsed.result = ParseCommandLine(static_cast<int>(arguments.size()), arguments.data());
  parsed.out = testing::internal::GetCapturedStdout();
  parsed.err = testing::internal::GetCapturedStderr();
  return parsed;
}

// Parses `generate` with the flags that it needs, and `more`.
Parsed ParseGenerate(std::vector<const char*> more) {
  more.insert(more.begin(), {"generate", "--image", "a.png", "--out", "film.mp4"});
  return Parse(more);
}

void ExpectComplaint(const Parsed& parsed, const std::string& text) {
  EXPECT_TRUE(parsed.result.finished);
  EXPECT_EQ(parsed.result.exit_code, 2);
  EXPECT_THAT(parsed.err, HasSubstr(text));
  EXPECT_THAT(parsed.err, testing::StartsWith("error: "));
  EXPECT_EQ(parsed.out, "");
}

class CommandLineTest : public testing::Test {
 protected:
  void SetUp() override { unsetenv("RUYI_SERVER"); }
  void TearDown() override { unsetenv("RUYI_SERVER"); }
};

TEST_F(CommandLineTest, LeavesWhatIsNotGivenToTheServer) {
  const Parsed parsed = ParseGenerate({});
  EXPECT_FALSE(parsed.result.finished);
  EXPECT_EQ(parsed.result.command_line.command, CommandLine::Command::kGenerate);
  EXPECT_EQ(parsed.result.command_line.server, "127.0.0.1:50051");
  const RequestOptions& options = parsed.request();
  EXPECT_THAT(options.images, ElementsAre("a.png"));
  EXPECT_THAT(options.end_images, IsEmpty());
  EXPECT_FALSE(options.frames || options.resolution || options.size || options.motion || options.steps);
  EXPECT_FALSE(options.guidance || options.seed || parsed.generate().timeout_s || parsed.generate().json);
  EXPECT_EQ(options.camera + options.sampler + parsed.generate().sheet, "");
}

TEST_F(CommandLineTest, ReadsEveryFlagOfGenerate) {
  const Parsed parsed =
      ParseGenerate({"--image",   "b.png",      "--end-image", "c.png",         "--frames",
                     "24",        "--size",     "768x512",     "--camera",      "left",
                     "--motion",  "3",          "--sampler",   "dpm-multistep", "--steps",
                     "10",        "--guidance", "5.5",         "--seed",        "18446744073709551615",
                     "--timeout", "0.5",        "--sheet",     "s.png",         "--json"});
  EXPECT_FALSE(parsed.result.finished) << parsed.err;
  const RequestOptions& options = parsed.request();
  EXPECT_THAT(options.images, ElementsAre("a.png", "b.png"));
  EXPECT_THAT(options.end_images, ElementsAre("c.png"));
  EXPECT_EQ(options.frames, 24);
  EXPECT_EQ(options.size->width, 768);
  EXPECT_EQ(options.size->height, 512);
  EXPECT_EQ(options.camera, "left");
  EXPECT_EQ(options.motion, 3);
  EXPECT_EQ(options.sampler, "dpm-multistep");
  EXPECT_EQ(options.steps, 10);
  EXPECT_EQ(options.guidance, 5.5);
  EXPECT_EQ(options.seed, 18446744073709551615u);
  EXPECT_EQ(parsed.generate().timeout_s, 0.5);
  EXPECT_EQ(parsed.generate().out, "film.mp4");
  EXPECT_EQ(parsed.generate().sheet, "s.png");
  EXPECT_TRUE(parsed.generate().json);
}

TEST_F(CommandLineTest, LeavesEveryOptionOff) {
  const RequestOptions options = ParseGenerate({}).request();
  EXPECT_FALSE(options.guidance_rescale || options.clip_apply_ratio || options.memory.vae_tiling);
  EXPECT_FALSE(options.memory.max_vram_mib || options.memory.resident_blocks || options.memory.resident_states);
  EXPECT_EQ(options.memory.policy, "");
  EXPECT_THAT(options.loras, IsEmpty());
  EXPECT_EQ(options.fp8 + options.fp8_type + options.fp8_arithmetic, "");
  EXPECT_FALSE(options.tea_cache.threshold || options.tea_cache.skip || options.tea_cache.offload);
  EXPECT_FALSE(options.enhance.weight || options.enhance.skip);
  EXPECT_FALSE(options.easy_cache.threshold || options.easy_cache.skip || options.guidance_gate);
  EXPECT_EQ(options.quality, "");
}

TEST_F(CommandLineTest, ReadsTheFlagsOfTheOptions) {
  const Parsed parsed =
      ParseGenerate({"--guidance-rescale", "0.7", "--clip-apply-ratio", "0.25", "--fp8", "strong", "--fp8-type", "e5m2",
                     "--fp8-arithmetic", "widened", "--tea-cache", "0.2", "--tea-cache-skip", "4,5",
                     "--tea-cache-offload", "--enhance", "2.5", "--enhance-skip", "0,7"});
  EXPECT_FALSE(parsed.result.finished) << parsed.err;
  const RequestOptions& options = parsed.request();
  EXPECT_EQ(options.guidance_rescale, 0.7);
  EXPECT_EQ(options.clip_apply_ratio, 0.25);
  EXPECT_EQ(options.fp8, "strong");
  EXPECT_EQ(options.fp8_type, "e5m2");
  EXPECT_EQ(options.fp8_arithmetic, "widened");
  EXPECT_EQ(options.tea_cache.threshold, 0.2);
  EXPECT_THAT(options.tea_cache.skip, testing::Optional(FieldsAre(4, 5)));
  EXPECT_TRUE(options.tea_cache.offload);
  EXPECT_EQ(options.enhance.weight, 2.5);
  EXPECT_THAT(options.enhance.skip, testing::Optional(FieldsAre(0, 7)));
}

TEST_F(CommandLineTest, ReadsTheFlagsOfWhatIsApproximated) {
  const Parsed parsed = ParseGenerate(
      {"--easy-cache", "0.03", "--easy-cache-skip", "6,2", "--guidance-gate", "0.4", "--quality", "fast"});
  EXPECT_FALSE(parsed.result.finished) << parsed.err;
  const RequestOptions& options = parsed.request();
  EXPECT_EQ(options.easy_cache.threshold, 0.03);
  EXPECT_THAT(options.easy_cache.skip, testing::Optional(FieldsAre(6, 2)));
  EXPECT_EQ(options.guidance_gate, 0.4);
  EXPECT_EQ(options.quality, "fast");
}

TEST_F(CommandLineTest, ReadsEveryLoraInItsOrder) {
  const Parsed parsed = ParseGenerate({"--lora", "film", "--lora=sketch=-0.5", "--lora", "a=b=2"});
  EXPECT_FALSE(parsed.result.finished) << parsed.err;
  EXPECT_THAT(parsed.request().loras,
              ElementsAre(FieldsAre("film", std::nullopt), FieldsAre("sketch", -0.5), FieldsAre("a=b", 2.0)));
}

TEST_F(CommandLineTest, ReadsTilingAndItsOpposite) {
  EXPECT_EQ(ParseGenerate({"--vae-tiling"}).request().memory.vae_tiling, true);
  EXPECT_EQ(ParseGenerate({"--no-vae-tiling"}).request().memory.vae_tiling, false);
}

TEST_F(CommandLineTest, ReadsTheFlagsOfTheMemory) {
  const Parsed parsed = ParseGenerate({"--memory", "smallest", "--max-vram", "12GB", "--max-host", "64GB",
                                       "--resident-blocks", "0", "--resident-states", "5"});
  EXPECT_FALSE(parsed.result.finished) << parsed.err;
  EXPECT_EQ(parsed.request().memory.policy, "smallest");
  EXPECT_EQ(parsed.request().memory.max_vram_mib, 12288);
  EXPECT_EQ(parsed.request().memory.max_host_mib, 65536);
  EXPECT_EQ(parsed.request().memory.resident_blocks, 0);
  EXPECT_EQ(parsed.request().memory.resident_states, 5);
}

TEST_F(CommandLineTest, ReadsSizesOfMemoryInEveryUnit) {
  for (const auto& [text, mib] : std::vector<std::pair<const char*, int>>{{"12288", 12288},
                                                                          {"12288MiB", 12288},
                                                                          {"12288 mb", 12288},
                                                                          {"12GiB", 12288},
                                                                          {"12G", 12288},
                                                                          {"11.5 gb", 11776},
                                                                          {"0", 0}}) {
    EXPECT_EQ(ParseGenerate({"--max-vram", text}).request().memory.max_vram_mib, mib) << text;
  }
}

TEST_F(CommandLineTest, ComplainsOfWhatIsNoSizeOfMemory) {
  for (const char* text : {"much", "GB", "-1", "12TB", "12GBs", "1.2.3", "9999999999", "12,5GB"}) {
    ExpectComplaint(ParseGenerate({"--max-vram", text}), "is no size of memory");
    ExpectComplaint(Parse({"estimate", "--image", "a.png", "--vram", text}), "is no size of memory");
  }
}

TEST_F(CommandLineTest, ReadsEstimate) {
  const Parsed parsed = Parse({"estimate", "--image", "a.png", "--frames", "24", "--memory", "fastest", "--vram",
                               "12GB", "--json", "--server", "there:2"});
  EXPECT_FALSE(parsed.result.finished) << parsed.err;
  EXPECT_EQ(parsed.result.command_line.command, CommandLine::Command::kEstimate);
  EXPECT_EQ(parsed.result.command_line.server, "there:2");
  EXPECT_THAT(parsed.estimate().request.images, ElementsAre("a.png"));
  EXPECT_EQ(parsed.estimate().request.frames, 24);
  EXPECT_EQ(parsed.estimate().request.memory.policy, "fastest");
  EXPECT_EQ(parsed.estimate().vram_mib, 12288);
  EXPECT_TRUE(parsed.estimate().json);
}

TEST_F(CommandLineTest, LeavesTheDeviceOfAnEstimateToTheServer) {
  const Parsed parsed = Parse({"estimate", "--image", "a.png"});
  EXPECT_FALSE(parsed.result.finished) << parsed.err;
  EXPECT_EQ(parsed.estimate().vram_mib, std::nullopt);
  EXPECT_FALSE(parsed.estimate().json);
}

TEST_F(CommandLineTest, AnEstimateHasNoFile) {
  ExpectComplaint(Parse({"estimate", "--image", "a.png", "--out", "film.mp4"}), "--out");
}

TEST_F(CommandLineTest, ComplainsOfALoraThatIsNone) {
  for (const char* lora : {"film=", "film=strong", "=1", "=", "film=1x", "film=0.5,sketch"}) {
    ExpectComplaint(ParseGenerate({"--lora", lora}), "is not NAME or NAME=STRENGTH");
  }
  ExpectComplaint(ParseGenerate({"--lora", "film", "sketch"}), "not expected: sketch");
}

TEST_F(CommandLineTest, ComplainsOfStepsThatAreNone) {
  for (const char* skip : {"3", "3,", ",1", "3-1", "3,1,2", "3,x", "3, 1", "2.5,1"}) {
    ExpectComplaint(ParseGenerate({"--tea-cache", "0.1", "--tea-cache-skip", skip}), "is not START,END");
    ExpectComplaint(ParseGenerate({"--enhance", "1", "--enhance-skip", skip}), "is not START,END");
  }
}

TEST_F(CommandLineTest, ComplainsOfAFlagWithoutItsMainFlag) {
  ExpectComplaint(ParseGenerate({"--tea-cache-skip", "3,1"}), "--tea-cache-skip requires --tea-cache");
  ExpectComplaint(ParseGenerate({"--tea-cache-offload"}), "--tea-cache-offload requires --tea-cache");
  ExpectComplaint(ParseGenerate({"--enhance-skip", "3,1"}), "--enhance-skip requires --enhance");
  ExpectComplaint(ParseGenerate({"--easy-cache-skip", "3,1"}), "--easy-cache-skip requires --easy-cache");
  ExpectComplaint(ParseGenerate({"--fp8-type", "e5m2"}), "--fp8-type requires --fp8");
  ExpectComplaint(ParseGenerate({"--fp8-arithmetic", "scaled"}), "--fp8-arithmetic requires --fp8");
}

TEST_F(CommandLineTest, ReadsNumbersAsDecimal) {
  EXPECT_EQ(ParseGenerate({"--seed", "010"}).request().seed, 10u);
}

TEST_F(CommandLineTest, LeavesRangesToTheServer) {
  EXPECT_EQ(ParseGenerate({"--frames", "-7"}).request().frames, -7);
  EXPECT_EQ(ParseGenerate({"--motion", "9"}).request().motion, 9);
  EXPECT_EQ(ParseGenerate({"--resolution", "512"}).request().resolution, 512);
  EXPECT_EQ(ParseGenerate({"--tea-cache", "-7"}).request().tea_cache.threshold, -7.0);
  EXPECT_THAT(ParseGenerate({"--tea-cache", "1", "--tea-cache-skip", "-7,0"}).request().tea_cache.skip,
              testing::Optional(FieldsAre(-7, 0)));
  EXPECT_THAT(ParseGenerate({"--lora", "film=100"}).request().loras, ElementsAre(FieldsAre("film", 100.0)));
}

TEST_F(CommandLineTest, TakesTheServerFromFlagOrVariable) {
  setenv("RUYI_SERVER", "here:1", 1);
  EXPECT_EQ(Parse({"capabilities"}).result.command_line.server, "here:1");
  EXPECT_EQ(Parse({"--server", "there:2", "capabilities"}).result.command_line.server, "there:2");
  EXPECT_EQ(Parse({"capabilities", "--server", "[::1]:2"}).result.command_line.server, "[::1]:2");
}

TEST_F(CommandLineTest, TakesTheServerOfAdminFromFlagOrItsVariable) {
  setenv("RUYI_SERVER", "here:1", 1);
  unsetenv("RUYI_ADMIN_SERVER");
  EXPECT_EQ(Parse({"admin", "status"}).result.command_line.server, "127.0.0.1:50052");
  setenv("RUYI_ADMIN_SERVER", "admin:3", 1);
  EXPECT_EQ(Parse({"admin", "status"}).result.command_line.server, "admin:3");
  EXPECT_EQ(Parse({"capabilities"}).result.command_line.server, "here:1");
  EXPECT_EQ(Parse({"--server", "there:2", "admin", "status"}).result.command_line.server, "there:2");
  EXPECT_EQ(Parse({"admin", "status", "--server", "there:2"}).result.command_line.server, "there:2");
  unsetenv("RUYI_ADMIN_SERVER");
}

TEST_F(CommandLineTest, ReadsCapabilities) {
  const Parsed parsed = Parse({"capabilities", "--json"});
  EXPECT_FALSE(parsed.result.finished);
  EXPECT_EQ(parsed.result.command_line.command, CommandLine::Command::kCapabilities);
  EXPECT_TRUE(parsed.result.command_line.capabilities_json);
}

TEST_F(CommandLineTest, ComplainsOfAnAddressWithoutPort) {
  for (const char* address : {"host", "host:", ":50051", "host:0", "host:65536", "host:http"}) {
    ExpectComplaint(Parse({"--server", address, "capabilities"}), "is not HOST:PORT");
  }
  setenv("RUYI_SERVER", "host", 1);
  ExpectComplaint(Parse({"capabilities"}), "host is not HOST:PORT");
}

TEST_F(CommandLineTest, ComplainsOfAUrl) {
  for (const char* url : {"http://there:2", "https://there", "dns:///there:2"})
    ExpectComplaint(Parse({"--server", url, "capabilities"}), std::string(url) + " is a URL; use HOST:PORT");
  ExpectComplaint(Parse({"--server", "there:2/", "capabilities"}), "is not HOST:PORT");
}

TEST_F(CommandLineTest, NamesTheWordThatIsNoCommand) {
  for (const char* word : {"bogus", "help", "--bogus"}) {
    const Parsed parsed = Parse({word, "--image", "a.png"});
    ExpectComplaint(parsed, std::string("there is no command or flag '") + word + "'");
    EXPECT_THAT(parsed.err, HasSubstr("; the commands are generate, create, watch, "));
    EXPECT_THAT(parsed.err, testing::EndsWith(" and completion\n  see ruyi-client --help\n"));
  }
}

TEST_F(CommandLineTest, PointsToTheHelpOfTheCommand) {
  for (const Parsed& parsed :
       {Parse({"watch"}), Parse({"watch", "7", "8"}), Parse({"watch", "7", "--after", "x"}),
        Parse({"watch", "7", "--after"}), Parse({"--server", "x", "watch", "7"}), Parse({"watch", "--config", "x"})}) {
    ExpectComplaint(parsed, "\n  see ruyi-client watch --help\n");
  }
  ExpectComplaint(Parse({"generate", "--out", "film.mp4"}), "\n  see ruyi-client generate --help\n");
  ExpectComplaint(Parse({"admin", "cancel", "7"}), "\n  see ruyi-client admin cancel --help\n");
  ExpectComplaint(Parse({"download", "--out", "film.mp4"}), "\n  see ruyi-client download --help\n");
}

TEST_F(CommandLineTest, TellsOfAnUnknownFlagBeforeWhatIsMissing) {
  ExpectComplaint(Parse({"download", "--config", "x"}), "not expected: --config");
  ExpectComplaint(Parse({"--config", "x", "list"}), "not expected: --config x\n");
}

TEST_F(CommandLineTest, ComplainsOfAFileWithoutAName) {
  ExpectComplaint(Parse({"download", "7", "--out", ""}), "--out: the name is empty; name a file");
  ExpectComplaint(Parse({"generate", "--image", "a.png", "--out", ""}), "--out: the name is empty; name a file");
  ExpectComplaint(ParseGenerate({"--sheet", ""}), "--sheet: the name is empty; name a file");
  ExpectComplaint(ParseGenerate({"--image", ""}), "--image: the name is empty; name a file");
  ExpectComplaint(ParseGenerate({"--end-image", ""}), "--end-image: the name is empty; name a file");
  ExpectComplaint(Parse({"upload", "a.png", ""}), "FILE: the name is empty; name a file");
}

TEST_F(CommandLineTest, ComplainsOfASizeThatIsNone) {
  for (const char* size : {"768", "768x", "x512", "768X512", "768x512x3", "axb", "768x 512"}) {
    ExpectComplaint(ParseGenerate({"--size", size}), "is not WIDTHxHEIGHT");
  }
}

TEST_F(CommandLineTest, ComplainsOfSizeAndResolutionTogether) {
  ExpectComplaint(ParseGenerate({"--size", "768x512", "--resolution", "512"}), "excludes");
}

TEST_F(CommandLineTest, ComplainsOfWhatIsNoNumber) {
  ExpectComplaint(ParseGenerate({"--frames", "many"}), "--frames: many is not a whole number");
  ExpectComplaint(ParseGenerate({"--frames", "2.5"}), "--frames: 2.5 is not a whole number");
  ExpectComplaint(ParseGenerate({"--frames", "4294967296"}), "--frames: 4294967296 is too large");
  ExpectComplaint(ParseGenerate({"--seed", "-1"}), "--seed: -1 is not a whole number from 0");
  for (const char* flag : {"--guidance", "--guidance-rescale", "--clip-apply-ratio", "--tea-cache", "--enhance"}) {
    ExpectComplaint(ParseGenerate({flag, "0,2"}), std::string(flag) + ": 0,2 is not a number");
  }
}

TEST_F(CommandLineTest, ComplainsOfATimeoutOutOfRange) {
  for (const char* timeout : {"0", "-1", "nan", "1e30", "soon"}) {
    ExpectComplaint(ParseGenerate({"--timeout", timeout}), "is not a number of seconds above 0");
  }
}

TEST_F(CommandLineTest, ComplainsOfAnUnknownWord) {
  ExpectComplaint(ParseGenerate({"--camera", "back"}), "auto,static,left,right,up,down");
  ExpectComplaint(ParseGenerate({"--sampler", "best"}), "ddim,euler,euler-ancestral,dpm-multistep,pndm");
  ExpectComplaint(ParseGenerate({"--fp8", "all"}), "none,lite,strong,extreme");
  ExpectComplaint(ParseGenerate({"--memory", "low"}), "auto,fastest,smallest");
  ExpectComplaint(ParseGenerate({"--fp8", "lite", "--fp8-type", "e3m4"}), "e4m3fn,e5m2");
  ExpectComplaint(ParseGenerate({"--fp8", "lite", "--fp8-arithmetic", "exact"}), "widened,scaled");
}

TEST_F(CommandLineTest, ComplainsOfWhatIsMissing) {
  ExpectComplaint(Parse({}), "no command is given; the commands are generate, ");
  ExpectComplaint(Parse({"generate", "--out", "film.mp4"}), "--image is required, or --resume");
  ExpectComplaint(Parse({"create"}), "--image is required");
  ExpectComplaint(Parse({"download", "--out", "film.mp4"}), "NAME is required, or --resume");
  ExpectComplaint(Parse({"download", "7"}), "--out is required");
  for (const char* command : {"watch", "get", "cancel", "delete"})
    ExpectComplaint(Parse({command}), "NAME is required");
  ExpectComplaint(Parse({"upload"}), "FILE is required");
  ExpectComplaint(Parse({"completion"}), "SHELL is required");
  ExpectComplaint(Parse({"generate", "--image", "a.png"}), "--out is required");
  ExpectComplaint(Parse({"estimate"}), "--image is required");
}

TEST_F(CommandLineTest, ComplainsOfWhatIsTooMuch) {
  ExpectComplaint(ParseGenerate({"b.png"}), "not expected: b.png");
  ExpectComplaint(ParseGenerate({"--speed", "2"}), "--speed");
}

TEST_F(CommandLineTest, ComplainsOfTheWrongFileForTheSheet) {
  ExpectComplaint(ParseGenerate({"--sheet", "s.jpg"}), "s.jpg does not end in .png");
  ExpectComplaint(Parse({"generate", "--image", "a", "--out", "s.png", "--sheet", "s.png"}), "the same file");
}

TEST_F(CommandLineTest, HelpsOnEveryLevel) {
  const Parsed top = Parse({"--help"});
  EXPECT_TRUE(top.result.finished);
  EXPECT_EQ(top.result.exit_code, 0);
  EXPECT_THAT(top.out, testing::AllOf(HasSubstr("generate"), HasSubstr("--server"), HasSubstr("RUYI_SERVER")));
  EXPECT_THAT(Parse({"generate", "--help"}).out,
              testing::AllOf(HasSubstr("--sheet"), HasSubstr("Default: the server's"), HasSubstr("width first")));
  EXPECT_THAT(Parse({"capabilities", "--help"}).out, HasSubstr("--json"));
  EXPECT_THAT(Parse({"estimate", "--help"}).out, testing::AllOf(HasSubstr("--vram"), HasSubstr("--steps")));
  for (const Parsed& help :
       {top, Parse({"generate", "--help"}), Parse({"estimate", "--help"}), Parse({"capabilities", "--help"})}) {
    EXPECT_THAT(help.out, testing::AllOf(HasSubstr("Exit codes:"), HasSubstr("  130  ")));
  }
}

TEST_F(CommandLineTest, TellsItsVersion) {
  const Parsed parsed = Parse({"--version"});
  EXPECT_EQ(parsed.result.exit_code, 0);
  EXPECT_THAT(parsed.out, testing::MatchesRegex("ruyi-client [0-9]+\\.[0-9]+\\.[0-9]+\n"));
}

}  // namespace
}  // namespace ruyi::client
