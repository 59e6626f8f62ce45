#include "core/base/host_memory.h"

#include <algorithm>
#include <fstream>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace ruyi {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kKib = 1024;
constexpr int64_t kNoLimit = std::numeric_limits<int64_t>::max();

// Returns the number behind `name` at the beginning of a line: "MemTotal:  1024 kB", "inactive_file 4096".
int64_t NumberIn(const fs::path& path, std::string_view name) {
  std::ifstream file(path);
  std::string line;
  while (std::getline(file, line)) {
    const std::vector<std::string> words = absl::StrSplit(line, absl::ByAnyChar(" \t"), absl::SkipEmpty());
    int64_t number = 0;
    if (words.size() >= 2 && words[0] == name && absl::SimpleAtoi(words[1], &number))
      return number;
  }
  return 0;
}

// Returns the number that the file holds; absent for "max", and where there is no such file.
std::optional<int64_t> NumberOf(const fs::path& path) {
  std::ifstream file(path);
  std::string word;
  int64_t number = 0;
  return file >> word && absl::SimpleAtoi(word, &number) ? std::optional(number) : std::nullopt;
}

// Returns the group of the process, as a path below the folder of groups; "" where it cannot be seen.
std::string GroupOf(const fs::path& proc) {
  std::ifstream file(proc / "self" / "cgroup");
  std::string line;
  while (std::getline(file, line)) {
    absl::string_view path = line;
    if (absl::ConsumePrefix(&path, "0::/") && path.find("..") == path.npos)
      return std::string(path);
  }
  return "";
}

// Lowers `memory` to what `group` allows.
void Limit(const fs::path& group, HostMemory& memory) {
  const int64_t limit =
      std::min(NumberOf(group / "memory.max").value_or(kNoLimit), NumberOf(group / "memory.high").value_or(kNoLimit));
  if (limit == kNoLimit)
    return;
  const fs::path stat = group / "memory.stat";
  const int64_t files = NumberIn(stat, "active_file") + NumberIn(stat, "inactive_file");
  const int64_t taken = std::max<int64_t>(0, NumberOf(group / "memory.current").value_or(0) - files);
  memory.total_bytes = std::min(memory.total_bytes, limit);
  memory.available_bytes = std::min(memory.available_bytes, std::max<int64_t>(0, limit - taken));
}

}  // namespace

HostMemory ReadHostMemory(const HostMemoryFolders& folders) {
  const fs::path meminfo = folders.proc / "meminfo";
  HostMemory memory = {.total_bytes = NumberIn(meminfo, "MemTotal:") * kKib,
                       .available_bytes = NumberIn(meminfo, "MemAvailable:") * kKib,
                       .anonymous_bytes = NumberIn(folders.proc / "self" / "status", "RssAnon:") * kKib};
  fs::path group = folders.cgroup;
  Limit(group, memory);  // of a container, whose own group is the root that it sees
  for (const fs::path& part : fs::path(GroupOf(folders.proc))) {
    group /= part;
    Limit(group, memory);
  }
  return memory;
}

}  // namespace ruyi
