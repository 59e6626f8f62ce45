#include "client/completion.h"

#include <CLI/CLI.hpp>
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"

namespace ruyi::client {
namespace {

constexpr char kZsh[] = "autoload -U +X compinit bashcompinit && compinit && bashcompinit\n";

// The script around its two `case`s. After a flag with a list of words it completes one of them; after another flag, a
// file's name.
constexpr char kScript[] = R"(_ruyi_client() {
  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} command= i
  for ((i = 1; i < COMP_CWORD; ++i)); do
    case ${COMP_WORDS[i]} in
      %s) command=${COMP_WORDS[i]}; break ;;
    esac
  done
  local words=
  case $command/$before in
%s  esac
  if [[ -z $words && ( $word == -* || -z $command ) ]]; then
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

// The patterns before which `option` of `command` stands: "generate/--camera"; of an argument the command itself.
std::string PatternOf(const CLI::App& command, const CLI::Option& option) {
  if (option.get_lnames().empty())
    return absl::StrCat(command.get_name(), "/", command.get_name());
  return absl::StrJoin(option.get_lnames(), "|", [&command](std::string* out, const std::string& name) {
    absl::StrAppend(out, command.get_name(), "/--", name);
  });
}

std::string WordCases(const CLI::App& command) {
  std::string cases;
  for (const CLI::Option* option : command.get_options()) {
    if (const std::string words = WordsOf(*option); !words.empty())
      absl::StrAppendFormat(&cases, "    %s) words='%s' ;;\n", PatternOf(command, *option), words);
  }
  return cases;
}

}  // namespace

std::vector<std::string> ShellNames() {
  return {"bash", "zsh"};
}

std::string CompletionScript(const CLI::App& app, std::string_view shell) {
  std::vector<std::string> names;
  std::string words;
  std::string flags;
  for (const CLI::App* command : Commands(app)) {
    names.push_back(command->get_name());
    words += WordCases(*command);
    absl::StrAppendFormat(&flags, "      %s) words='%s %s' ;;\n", command->get_name(), FlagsOf(*command), FlagsOf(app));
  }
  absl::StrAppendFormat(&flags, "      *) words='%s %s' ;;\n", absl::StrJoin(names, " "), FlagsOf(app));
  return absl::StrCat(shell == "zsh" ? kZsh : "", absl::StrFormat(kScript, absl::StrJoin(names, "|"), words, flags));
}

}  // namespace ruyi::client
