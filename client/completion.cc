#include "client/completion.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"

namespace ruyi::client {
namespace {

constexpr char kZsh[] = "autoload -U +X compinit bashcompinit && compinit && bashcompinit\n";

// The script around its three `case`s: which command the words before name, "admin/jobs" for a command of a command;
// the words of a flag; what may follow a command. After a flag with a list of words it completes one of them; after
// another flag, a file's name.
constexpr char kScript[] = R"(_ruyi_client() {
  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} command= i
  for ((i = 1; i < COMP_CWORD; ++i)); do
    case $command:${COMP_WORDS[i]} in
%s    esac
  done
  local words=
  case $command/$before in
%s  esac
  if [[ -z $words && ( $word == -* || " %s" == *" $command "* ) ]]; then
    case $command in
%s    esac
  fi
  COMPREPLY=($(compgen -W "$words" -- "$word"))
}
complete -o default -F _ruyi_client ruyi-client
)";

std::vector<const CLI::App*> Commands(const CLI::App& app) {
  return app.get_subcommands([](const CLI::App*) { return true; });
}

std::string FlagsOf(const CLI::App& app) {
  std::vector<std::string> flags;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames())
      flags.push_back("--" + name);
  }
  return absl::StrJoin(flags, " ");
}

// The words of an option that takes no others; empty for others. CLI11 tells them as "WORD:{auto,static}".
std::string WordsOf(const CLI::Option& option) {
  const std::string type = option.get_type_name();
  const size_t begin = type.find('{');
  const size_t end = type.rfind('}');
  if (begin == std::string::npos || end == std::string::npos)
    return "";
  std::string words = type.substr(begin + 1, end - begin - 1);
  std::replace(words.begin(), words.end(), ',', ' ');
  return words;
}

// A command as the script names it: "generate", "admin", "admin/jobs".
struct Named {
  std::string name;
  std::string parent;  // empty for those of the program itself
  const CLI::App* app;
};

std::vector<Named> AllCommands(const CLI::App& app) {
  std::vector<Named> all;
  for (const CLI::App* command : Commands(app)) {
    all.push_back({command->get_name(), "", command});
    for (const CLI::App* inner : Commands(*command))
      all.push_back({absl::StrCat(command->get_name(), "/", inner->get_name()), command->get_name(), inner});
  }
  return all;
}

// The words before which `option` of `command` stands: "generate/--camera"; of an argument the command itself.
std::string PatternOf(const Named& command, const CLI::Option& option) {
  if (option.get_lnames().empty())
    return absl::StrCat(command.name, "/", command.app->get_name());
  return absl::StrJoin(option.get_lnames(), "|", [&command](std::string* out, const std::string& name) {
    absl::StrAppend(out, command.name, "/--", name);
  });
}

// Nothing says which argument comes before the second one, so only the first is completed.
std::string WordCases(const Named& command) {
  std::string cases;
  bool has_argument = false;
  for (const CLI::Option* option : command.app->get_options()) {
    const bool is_argument = option->get_lnames().empty();
    if (is_argument && std::exchange(has_argument, true))
      continue;
    if (const std::string words = WordsOf(*option); !words.empty())
      absl::StrAppendFormat(&cases, "    %s) words='%s' ;;\n", PatternOf(command, *option), words);
  }
  return cases;
}

std::string NamesIn(const CLI::App& app) {
  return absl::StrJoin(Commands(app), " ",
                       [](std::string* out, const CLI::App* command) { out->append(command->get_name()); });
}

// Returns the words that may follow `command`: its commands and its flags, and those of the program.
std::string WordsAfter(const CLI::App& command, const CLI::App& app) {
  const std::string names = NamesIn(command);
  return absl::StrCat(names, names.empty() ? "" : " ", FlagsOf(command), " ", FlagsOf(app));
}

}  // namespace

std::vector<std::string> ShellNames() {
  return {"bash", "zsh"};
}

std::string CompletionScript(const CLI::App& app, std::string_view shell) {
  std::string commands;
  std::string words;
  std::string flags;
  std::string outer = " ";  // after which commands come: none, and those that have commands
  for (const Named& command : AllCommands(app)) {
    absl::StrAppendFormat(&commands, "      %s:%s) command=%s ;;\n", command.parent, command.app->get_name(),
                          command.name);
    words += WordCases(command);
    absl::StrAppendFormat(&flags, "      %s) words='%s' ;;\n", command.name, WordsAfter(*command.app, app));
    if (!Commands(*command.app).empty())
      absl::StrAppend(&outer, command.name, " ");
  }
  absl::StrAppendFormat(&flags, "      *) words='%s %s' ;;\n", NamesIn(app), FlagsOf(app));
  return absl::StrCat(shell == "zsh" ? kZsh : "", absl::StrFormat(kScript, commands, words, outer, flags));
}

}  // namespace ruyi::client
