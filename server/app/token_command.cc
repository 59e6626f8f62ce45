#include "server/app/token_command.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <iostream>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_format.h"
#include "core/base/clock.h"
#include "core/base/status_macros.h"
#include "server/identity/token_list.h"

namespace ruyi {
namespace {

constexpr int kFailed = 1;
constexpr int kUsageError = 2;
constexpr int kMostDays = 36'500;

struct TokenOptions {
  std::string file;
  std::string tenant;
  std::string role = "user";
  std::optional<double> days;
  std::string id;
};

// Keeps other such commands away from the file, so that none undoes what another has done.
class FileLock {
 public:
  explicit FileLock(const std::string& path)
      : file_(open((path + ".lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, S_IRUSR | S_IWUSR)) {
    if (file_ >= 0)
      flock(file_, LOCK_EX);
  }
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;
  ~FileLock() {
    if (file_ >= 0)
      close(file_);
  }

 private:
  const int file_;
};

std::string DayOf(const std::optional<absl::Time>& time) {
  return time.has_value() ? absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", *time, absl::UTCTimeZone()) : "never";
}

absl::Status New(const TokenOptions& options) {
  const FileLock lock(options.file);
  std::vector<TokenEntry> tokens;
  const bool is_new_file = !std::filesystem::exists(options.file);
  if (!is_new_file) {
    RUYI_ASSIGN_OR_RETURN(tokens, ReadTokens(options.file));
  }
  const absl::Time now = Clock::Real().Now();
  const NewToken made =
      MakeToken(options.tenant, *RoleOf(options.role), now,
                options.days.has_value() ? std::optional(now + *options.days * absl::Hours(24)) : std::nullopt);
  tokens.push_back(made.entry);
  RUYI_RETURN_IF_ERROR(WriteTokens(options.file, tokens));
  if (is_new_file) {
    std::cerr << "made the file " << std::filesystem::absolute(options.file).lexically_normal().string()
              << ", which was not there: the server knows its tokens when it is given the same file by --tokens\n";
  }
  std::cerr << "token " << made.entry.id << " of tenant " << made.entry.tenant << ", expires "
            << DayOf(made.entry.expires) << "; it is shown this once\n";
  std::cout << made.text << std::endl;
  return absl::OkStatus();
}

absl::Status List(const TokenOptions& options) {
  RUYI_ASSIGN_OR_RETURN(const std::vector<TokenEntry> tokens, ReadTokens(options.file));
  std::cout << absl::StrFormat("%-12s  %-5s  %-20s  %-20s  %s\n", "ID", "ROLE", "CREATED", "EXPIRES", "TENANT");
  for (const TokenEntry& token : tokens) {
    std::cout << absl::StrFormat("%-12s  %-5s  %-20s  %-20s  %s\n", token.id, NameOf(token.role), DayOf(token.created),
                                 DayOf(token.expires), token.tenant);
  }
  return absl::OkStatus();
}

absl::Status Revoke(const TokenOptions& options) {
  const FileLock lock(options.file);
  RUYI_ASSIGN_OR_RETURN(std::vector<TokenEntry> tokens, ReadTokens(options.file));
  if (std::erase_if(tokens, [&](const TokenEntry& token) { return token.id == options.id; }) == 0)
    return absl::NotFoundError(absl::StrFormat(
        "%s has no token with this id; `ruyi-server token list` shows those that there are", options.file));
  return WriteTokens(options.file, tokens);
}

std::string CheckTenant(const std::string& text) {
  return IsIdentityName(text) ? "" : "must have 1 to 128 printable ASCII characters without spaces";
}

std::string CheckDays(const std::string& text) {
  double days = 0;
  if (absl::SimpleAtod(text, &days) && days > 0 && days <= kMostDays)
    return "";
  return absl::StrFormat("'%s' is not a number of days above 0 and up to %d; without the flag the token never expires",
                         text, kMostDays);
}

CLI::App* AddCommand(CLI::App& app, const std::string& name, const std::string& help, TokenOptions& options) {
  CLI::App* command = app.add_subcommand(name, help);
  command->add_option("--tokens", options.file, "The file of tokens, as the server is told")
      ->envname("RUYI_TOKENS")
      ->type_name("FILE")
      ->required();
  return command;
}

void AddCommands(CLI::App& app, TokenOptions& options) {
  CLI::App* made = AddCommand(app, "new", "Make a token, and print it: it is kept nowhere", options);
  made->add_option("--tenant", options.tenant, "Whose videos and uploads its callers see")
      ->type_name("NAME")
      ->check(CheckTenant)
      ->required();
  made->add_option("--role", options.role, "What its callers may do")
      ->check(CLI::IsMember({"user", "admin"}).description(""))
      ->type_name("user|admin")
      ->capture_default_str();
  made->add_option("--days", options.days,
                   absl::StrFormat("After how many days it expires, up to %d; default: never", kMostDays))
      ->check(CheckDays)
      ->type_name("DAYS");
  AddCommand(app, "list", "Show the tokens that there are, without their text", options);
  AddCommand(app, "revoke", "Take a token out of the file; the server refuses it within a second", options)
      ->add_option("ID", options.id, "Its id, from `list`")
      ->type_name("")
      ->required();
}

absl::Status Run(const CLI::App& app, const TokenOptions& options) {
  if (app.got_subcommand("new"))
    return New(options);
  return app.got_subcommand("list") ? List(options) : Revoke(options);
}

}  // namespace

int RunTokenCommand(int argc, const char* const* argv) {
  TokenOptions options;
  CLI::App app("Makes, lists and revokes tokens of callers.", "ruyi-server token");
  app.require_subcommand(1);
  AddCommands(app, options);
  const auto parse = [&]() -> int {
    CLI11_PARSE(app, argc, argv);
    return -1;
  };
  if (const int code = parse(); code >= 0)
    return code == 0 ? 0 : kUsageError;
  const absl::Status status = Run(app, options);
  if (status.ok())
    return 0;
  std::cerr << "error: " << std::string(status.message()) << '\n';
  return kFailed;
}

}  // namespace ruyi
