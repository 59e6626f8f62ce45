#include "server/app/command_line.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cctype>
#include <cstdlib>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "server/app/user_folders.h"
#include "server/app/version.h"
#include "tests/server/app/parsed_command_line.h"
#include "tests/support/temporary_folder.h"

namespace ruyi {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

// One value of every flag, none of them the default, in the order of Expect. The folder exists.
const std::vector<std::pair<std::string, std::string>>& UnusualValues() {
  static const auto& values =
      *new std::vector<std::pair<std::string, std::string>>{{"model", "folder"},
                                                            {"listen", "[::1]:1"},
                                                            {"tls-cert", "cert.pem"},
                                                            {"tls-key", "key.pem"},
                                                            {"tls-client-ca", "clients.pem"},
                                                            {"insecure", "true"},
                                                            {"tokens", "tokens.json"},
                                                            {"metrics-listen", "0.0.0.0:2"},
                                                            {"queue-capacity", "3"},
                                                            {"drain-timeout", "4.5"},
                                                            {"max-image-bytes", "5"},
                                                            {"max-image-pixels", "6"},
                                                            {"threads", "7"},
                                                            {"device", "cuda:1,3"},
                                                            {"parallel", "cfg"},
                                                            {"vram-budget", "12000"},
                                                            {"calibration-file", "measured.json"},
                                                            {"dtype", "bfloat16"},
                                                            {"reflection", "false"},
                                                            {"port-file", "ports"},
                                                            {"health-listen", "0.0.0.0:3"},
                                                            {"admin-listen", "[::1]:4"},
                                                            {"admin-page", "localhost:5"},
                                                            {"channelz", "true"},
                                                            {"log-level", "warning"},
                                                            {"lora-dir", RUYI_SOURCE_DIR},
                                                            {"max-loras", "0"},
                                                            {"fp8", "strong"},
                                                            {"fp8-type", "e4m3fn"},
                                                            {"fp8-arithmetic", "scaled"},
                                                            {"store", "postgresql://user@host/db?sslmode=require"},
                                                            {"artifacts", "s3://films/p?endpoint=http://h:1"}};
  return values;
}

void ExpectUnusualValues(const ServerOptions& options) {
  EXPECT_EQ(options.model, "folder");
  EXPECT_EQ(options.listen, "[::1]:1");
  EXPECT_EQ(options.access.tls_cert, "cert.pem");
  EXPECT_EQ(options.access.tls_key, "key.pem");
  EXPECT_EQ(options.access.tls_client_ca, "clients.pem");
  EXPECT_TRUE(options.access.insecure);
  EXPECT_EQ(options.access.tokens, "tokens.json");
  EXPECT_EQ(options.metrics_listen, "0.0.0.0:2");
  EXPECT_EQ(options.health_listen, "0.0.0.0:3");
  EXPECT_EQ(options.admin_listen, "[::1]:4");
  EXPECT_EQ(options.admin_page, "localhost:5");
  EXPECT_TRUE(options.channelz);
  EXPECT_EQ(options.queue_capacity, 3);
  EXPECT_EQ(options.drain_timeout, absl::Milliseconds(4500));
  EXPECT_EQ(options.image.max_bytes, 5);
  EXPECT_EQ(options.image.max_pixels, 6);
  EXPECT_EQ(options.threads, 7);
  EXPECT_THAT(options.devices, ElementsAre("cuda:1", "cuda:3"));
  EXPECT_EQ(options.parallel, Parallel::kCfg);
  EXPECT_EQ(options.vram_budget_mib, 12000);
  EXPECT_EQ(options.calibration_file, "measured.json");
  EXPECT_EQ(options.dtype, ComputeType::kBfloat16);
  EXPECT_FALSE(options.reflection);
  EXPECT_EQ(options.port_file, "ports");
  EXPECT_EQ(options.log_level, "warning");
  EXPECT_EQ(options.lora_dir, RUYI_SOURCE_DIR);
  EXPECT_EQ(options.max_loras, 0);
  EXPECT_EQ(options.fp8, (Fp8Settings{.mode = Fp8Mode::kStrong, .arithmetic = Fp8Arithmetic::kScaled}));
  EXPECT_EQ(options.store, "postgresql://user@host/db?sslmode=require");
  EXPECT_EQ(options.artifacts, "s3://films/p?endpoint=http://h:1");
}

// "max-image-bytes" → "RUYI_MAX_IMAGE_BYTES".
std::string VariableOf(const std::string& flag) {
  std::string name = "RUYI_";
  for (const char letter : flag)
    name += letter == '-' ? '_' : static_cast<char>(std::toupper(letter));
  return name;
}

TEST(CommandLine, HasDefaults) {
  const ServerOptions options = OptionsOf({"--model", "folder"});
  const ServerOptions defaults;
  EXPECT_EQ(options.model, "folder");
  EXPECT_EQ(options.listen, defaults.listen);
  EXPECT_EQ(options.metrics_listen, defaults.metrics_listen);
  EXPECT_EQ(options.admin_listen, "127.0.0.1:50052");
  EXPECT_EQ(options.admin_page, "127.0.0.1:50054");
  EXPECT_FALSE(options.channelz);
  EXPECT_EQ(options.queue_capacity, defaults.queue_capacity);
  EXPECT_EQ(options.drain_timeout, defaults.drain_timeout);
  EXPECT_EQ(options.image.max_bytes, defaults.image.max_bytes);
  EXPECT_EQ(options.image.max_pixels, defaults.image.max_pixels);
  EXPECT_EQ(options.threads, defaults.threads);
  EXPECT_EQ(options.devices, defaults.devices);
  EXPECT_EQ(options.parallel, Parallel::kNone);
  EXPECT_EQ(options.vram_budget_mib, std::nullopt);
  EXPECT_EQ(options.calibration_file, DefaultCalibrationFile());
  EXPECT_EQ(options.dtype, defaults.dtype);
  EXPECT_TRUE(options.reflection);
  EXPECT_EQ(options.port_file, "");
  EXPECT_EQ(options.log_level, "info");
  EXPECT_EQ(options.lora_dir, "");
  EXPECT_EQ(options.max_loras, 4);
  EXPECT_EQ(options.fp8, Fp8Settings());
  EXPECT_EQ(options.store, "sqlite");
}

// Expects that the message says that the address is wrong, rather than that it is in use.
void ExpectMalformed(const std::string& flag, const std::string& address, const std::string& message) {
  const Parsed parsed = Parse({"--model", "folder", flag, address});
  EXPECT_EQ(parsed.line.exit_code, 2) << address;
  EXPECT_THAT(parsed.error, testing::AllOf(HasSubstr(flag), HasSubstr(address), HasSubstr(message)));
}

TEST(CommandLine, SaysWhichAddressIsMalformed) {
  for (const char* flag : {"--listen", "--metrics-listen"}) {
    for (const char* address : {":50051", "50051", "http://localhost:50051", "nowhere", "localhost:99999"})
      ExpectMalformed(flag, address, "must be HOST:PORT");
    ExpectMalformed(flag, "unix:/run/ruyi", "Unix sockets are not served");
  }
  ExpectMalformed("--metrics-listen", "[::1]:9090", "only IPv4");
}

TEST(CommandLine, TakesEveryFlag) {
  std::vector<std::string> arguments;
  for (const auto& [flag, value] : UnusualValues())
    arguments.push_back("--" + flag + "=" + value);
  ExpectUnusualValues(OptionsOf(arguments));
}

TEST(CommandLine, TakesEveryVariable) {
  Environment environment;
  for (const auto& [flag, value] : UnusualValues())
    environment[VariableOf(flag)] = value;
  ExpectUnusualValues(OptionsOf({}, environment));
}

TEST(CommandLine, TakesEveryFlagFromAFile) {
  const TemporaryFolder folder;
  std::string text;
  for (const auto& [flag, value] : UnusualValues())
    text += flag + "=\"" + value + "\"\n";
  const std::string file = folder.Write("server.conf", text).string();
  ExpectUnusualValues(OptionsOf({"--config", file}));
  ExpectUnusualValues(OptionsOf({}, {{"RUYI_CONFIG", file}}));
}

TEST(CommandLine, TakesDevicesFromAFileWithoutQuotes) {
  const TemporaryFolder folder;
  const std::string file = folder.Write("server.conf", "model=m\ndevice=cuda:0,1\nport-file=a b\n").string();
  const ServerOptions options = OptionsOf({"--config", file});
  EXPECT_THAT(options.devices, ElementsAre("cuda:0", "cuda:1"));
  EXPECT_EQ(options.port_file, "a b");
}

TEST(CommandLine, TakesTheOppositeOfReflection) {
  EXPECT_FALSE(OptionsOf({"--model=m", "--no-reflection"}).reflection);
  EXPECT_TRUE(OptionsOf({"--model=m", "--reflection"}, {{"RUYI_REFLECTION", "false"}}).reflection);
  EXPECT_FALSE(OptionsOf({"--model=m", "--no-reflection"}, {{"RUYI_REFLECTION", "true"}}).reflection);
}

TEST(CommandLine, TakesEveryTypeOfComputation) {
  EXPECT_EQ(OptionsOf({"--model=m", "--dtype=auto"}).dtype, ComputeType::kAuto);
  EXPECT_EQ(OptionsOf({"--model=m", "--dtype=float32"}).dtype, ComputeType::kFloat32);
  EXPECT_EQ(OptionsOf({"--model=m", "--dtype=bfloat16"}).dtype, ComputeType::kBfloat16);
}

TEST(CommandLine, TakesEveryModeAndTypeOfFp8) {
  EXPECT_EQ(OptionsOf({"--model=m", "--fp8=none"}).fp8.mode, Fp8Mode::kNone);
  EXPECT_EQ(OptionsOf({"--model=m", "--fp8=lite"}).fp8.mode, Fp8Mode::kLite);
  EXPECT_EQ(OptionsOf({"--model=m", "--fp8=strong"}).fp8.mode, Fp8Mode::kStrong);
  EXPECT_EQ(OptionsOf({"--model=m", "--fp8=extreme"}).fp8.mode, Fp8Mode::kExtreme);
  EXPECT_EQ(OptionsOf({"--model=m", "--fp8=lite", "--fp8-type=e4m3fn"}).fp8.type, Fp8Type::kE4m3fn);
}

TEST(CommandLine, NeedsAModeForATypeOfFp8) {
  ExpectUsageError({"--model=m", "--fp8-type=e5m2"});
  ExpectUsageError({"--model=m"}, {{"RUYI_FP8_TYPE", "e5m2"}});
  EXPECT_EQ(OptionsOf({"--model=m", "--fp8-type=e5m2"}, {{"RUYI_FP8", "lite"}}).fp8.type, Fp8Type::kE5m2);
}

TEST(CommandLine, NeedsAModeAndTheTypeForScaledArithmetic) {
  ExpectUsageError({"--model=m", "--fp8-arithmetic=scaled"});
  ExpectUsageError({"--model=m", "--fp8=lite", "--fp8-type=e5m2", "--fp8-arithmetic=scaled"});
  EXPECT_EQ(OptionsOf({"--model=m", "--fp8=lite", "--fp8-arithmetic=scaled"}).fp8.arithmetic, Fp8Arithmetic::kScaled);
  EXPECT_EQ(OptionsOf({"--model=m", "--fp8=lite", "--fp8-type=e5m2", "--fp8-arithmetic=widened"}).fp8.type,
            Fp8Type::kE5m2);
}

TEST(CommandLine, NeedsPairsOfGpusToShareAVideo) {
  for (const char* device : {"cpu", "cuda", "cuda:0", "cuda:0,1,2"}) {
    ExpectUsageError({"--model=m", "--parallel=cfg", "--device", device});
    ExpectUsageError({"--model=m", "--device", device}, {{"RUYI_PARALLEL", "cfg"}});
    EXPECT_EQ(OptionsOf({"--model=m", "--parallel=none", "--device", device}).parallel, Parallel::kNone);
  }
  EXPECT_THAT(Parse({"--model=m", "--parallel=cfg"}).error, HasSubstr("--device cuda:0,1"));
  EXPECT_THAT(OptionsOf({"--model=m", "--parallel=cfg", "--device=cuda:3,2,1,0"}).devices,
              ElementsAre("cuda:3", "cuda:2", "cuda:1", "cuda:0"));
}

TEST(CommandLine, KeepsNoCalibrationWhenNoneIsWanted) {
  EXPECT_EQ(OptionsOf({"--model=m", "--calibration-file=none"}).calibration_file, "");
  EXPECT_EQ(OptionsOf({"--model=m"}, {{"RUYI_CALIBRATION_FILE", "none"}}).calibration_file, "");
}

TEST(CommandLine, ServesNoAdministratorsWhereThatIsSaid) {
  EXPECT_EQ(OptionsOf({"--model=m", "--admin-listen=none"}).admin_listen, "");
  EXPECT_EQ(OptionsOf({"--model=m", "--admin-listen", ""}).admin_listen, "");
  EXPECT_EQ(OptionsOf({"--model=m"}, {{"RUYI_ADMIN_LISTEN", "none"}}).admin_listen, "");
  ExpectUsageError({"--model=m", "--admin-listen=nowhere"});
}

TEST(CommandLine, ServesThePageToThisMachineAlone) {
  EXPECT_EQ(OptionsOf({"--model=m", "--admin-page=none"}).admin_page, "");
  EXPECT_EQ(OptionsOf({"--model=m"}, {{"RUYI_ADMIN_PAGE", "none"}}).admin_page, "");
  ExpectMalformed("--admin-page", "nowhere", "must be HOST:PORT");
  ExpectMalformed("--admin-page", "0.0.0.0:8080", "ssh -L 8080:127.0.0.1:8080");
  EXPECT_EQ(Parse({"--model=m", "--insecure", "--admin-page=0.0.0.0:1"}).line.exit_code, 2);
}

TEST(CommandLine, NeedsAFolderForLoras) {
  const TemporaryFolder folder;
  EXPECT_EQ(OptionsOf({"--model=m", "--lora-dir", folder.path().string()}).lora_dir, folder.path().string());
  ExpectUsageError({"--model=m", "--lora-dir", (folder.path() / "none").string()});
  ExpectUsageError({"--model=m", "--lora-dir", folder.Write("file", "").string()});
}

TEST(CommandLine, PutsFlagsBeforeTheEnvironmentBeforeTheFile) {
  const TemporaryFolder folder;
  const std::string file =
      folder.Write("server.conf", "model=file\nthreads=1\nqueue-capacity=1\nreflection=true\n").string();
  const ServerOptions options =
      OptionsOf({"--threads", "3", "--config", file},
                {{"RUYI_THREADS", "2"}, {"RUYI_QUEUE_CAPACITY", "2"}, {"RUYI_REFLECTION", "0"}});
  EXPECT_EQ(options.threads, 3);
  EXPECT_EQ(options.queue_capacity, 2);
  EXPECT_EQ(options.model, "file");
  EXPECT_FALSE(options.reflection);
}

TEST(CommandLine, PutsTheFileOfTheFlagBeforeTheOneOfTheEnvironment) {
  const TemporaryFolder folder;
  const std::string one = folder.Write("one.conf", "model=one\n").string();
  const std::string two = folder.Write("two.conf", "model=two\nthreads=2\n").string();
  const ServerOptions options = OptionsOf({"--config", one}, {{"RUYI_CONFIG", two}});
  EXPECT_EQ(options.model, "one");
  EXPECT_EQ(options.threads, 0);
}

TEST(CommandLine, IgnoresVariablesThatAreEmpty) {
  EXPECT_EQ(OptionsOf({"--model=m"}, {{"RUYI_THREADS", ""}, {"RUYI_CONFIG", ""}}).threads, 0);
}

TEST(CommandLine, NeedsAModel) {
  ExpectUsageError({});
}

TEST(CommandLine, RefusesWhatItDoesNotKnow) {
  ExpectUsageError({"--model=m", "--unknown"});
  ExpectUsageError({"--model=m", "extra"});
}

TEST(CommandLine, RefusesWrongValuesWhereverTheyAre) {
  const TemporaryFolder folder;
  for (const auto& [flag, value] :
       std::vector<std::pair<std::string, std::string>>{{"threads", "-1"},
                                                        {"threads", "1025"},
                                                        {"threads", "many"},
                                                        {"device", "gpu"},
                                                        {"device", "cuda:"},
                                                        {"device", "cuda:x"},
                                                        {"device", "cuda:100"},
                                                        {"device", "cuda:0,0"},
                                                        {"device", "cuda:0,"},
                                                        {"device", "cpu,cuda"},
                                                        {"parallel", "all"},
                                                        {"parallel", "1"},
                                                        {"vram-budget", "0"},
                                                        {"vram-budget", "16777217"},
                                                        {"vram-budget", "12GB"},
                                                        {"dtype", "float16"},
                                                        {"dtype", "1"},
                                                        {"queue-capacity", "0"},
                                                        {"queue-capacity", "1000001"},
                                                        {"queue-capacity", "1.5"},
                                                        {"max-image-bytes", "0"},
                                                        {"max-image-bytes", "67108865"},
                                                        {"max-image-pixels", "0"},
                                                        {"max-image-pixels", "200000001"},
                                                        {"drain-timeout", "-1"},
                                                        {"drain-timeout", "86401"},
                                                        {"drain-timeout", "nan"},
                                                        {"drain-timeout", "-NaN"},
                                                        {"log-level", "loud"},
                                                        {"reflection", "maybe"},
                                                        {"lora-dir", "no folder"},
                                                        {"max-loras", "-1"},
                                                        {"max-loras", "17"},
                                                        {"fp8", "all"},
                                                        {"fp8", "1"},
                                                        {"fp8-arithmetic", "exact"},
                                                        {"store", "memory"},
                                                        {"artifacts", "s3://films?acl=x"}}) {
    SCOPED_TRACE(flag + " " + value);
    ExpectUsageError({"--model=m", "--" + flag + "=" + value});
    ExpectUsageError({"--model=m"}, {{VariableOf(flag), value}});
    ExpectUsageError({"--model=m", "--config", folder.Write("wrong.conf", flag + "=" + value + "\n").string()});
  }
}

TEST(CommandLine, DoesNotRepeatAPassword) {
  const Parsed parsed = Parse({"--model=m", "--store=mysql://user:secret@host/db"});
  EXPECT_THAT(parsed.error, testing::AllOf(HasSubstr("--store: expected sqlite, or postgresql://USER@HOST"),
                                           testing::Not(HasSubstr("secret"))));
}

TEST(CommandLine, RefusesFilesThatItCannotRead) {
  const TemporaryFolder folder;
  const std::string missing = (folder.path() / "missing.conf").string();
  ExpectUsageError({"--model=m", "--config", missing});
  ExpectUsageError({"--model=m"}, {{"RUYI_CONFIG", missing}});
}

TEST(CommandLine, RefusesFilesWithFlagsThatItDoesNotKnow) {
  const TemporaryFolder folder;
  ExpectUsageError({"--model=m", "--config", folder.Write("server.conf", "thread=4\n").string()});
}

TEST(CommandLine, NamesTheLineOfTheFileThatIsNoFlag) {
  const TemporaryFolder folder;
  const auto error_of = [&](const std::string& text) {
    return Parse({"--model=m", "--config", folder.Write("server.conf", text).string()}).error;
  };
  const std::string file = folder.path() / "server.conf";
  EXPECT_THAT(error_of("threads=4\n\n# thread\n thread = 4 # few\n"), StartsWith(file + ":4: 'thread' is no flag;"));
  EXPECT_THAT(error_of("bogus"), StartsWith(file + ":1: 'bogus' is no flag;"));
  EXPECT_THAT(error_of("bogus # why\n"), StartsWith(file + ":1: 'bogus' is no flag;"));
  EXPECT_THAT(error_of("[part]\nthreads=4\n"), StartsWith(file + ": 'part"));
}

TEST(CommandLine, SaysThatTheFileCannotBeRead) {
  const TemporaryFolder folder;
  for (const std::string& file : {(folder.path() / "none.conf").string(), folder.path().string()})
    EXPECT_THAT(Parse({"--model=m", "--config", file}).error,
                StartsWith("--config: " + file + " is no file that can be read"));
}

TEST(CommandLine, HelpNamesEveryFlagAndVariable) {
  const Parsed parsed = Parse({"--help"});
  EXPECT_EQ(parsed.line.exit_code, 0);
  EXPECT_FALSE(parsed.line.options.has_value());
  for (const auto& [flag, value] : UnusualValues()) {
    EXPECT_THAT(parsed.out, HasSubstr("--" + flag));
    EXPECT_THAT(parsed.out, HasSubstr(VariableOf(flag)));
  }
  for (const char* text : {"--help", "--version", "--config", "RUYI_CONFIG", "--no-reflection", "Exit codes",
                           "3 a device broke", "SIGTERM"})
    EXPECT_THAT(parsed.out, HasSubstr(text));
}

TEST(CommandLine, HelpNamesTheDefaults) {
  const Parsed parsed = Parse({"--help"});
  for (const char* text : {"127.0.0.1:50051", "127.0.0.1:9090", "16", "20971520", "50000000", "30", "auto", "info"})
    EXPECT_THAT(parsed.out, HasSubstr(text));
}

TEST(CommandLine, SaysItsVersion) {
  const Parsed parsed = Parse({"--version"});
  EXPECT_EQ(parsed.line.exit_code, 0);
  EXPECT_FALSE(parsed.line.options.has_value());
  EXPECT_EQ(parsed.out, std::string(kVersion) + "\n");
}

}  // namespace
}  // namespace ruyi
