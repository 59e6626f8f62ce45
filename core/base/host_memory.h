// Finds out how much of the machine's memory this process may have: what the machine has, within the limits of the
// control groups (version 2) that the process lies in. Before it: /proc and /sys. After it: admission of videos, which
// counts the host's memory. A function without state; thread-safe.
#pragma once

#include <cstdint>
#include <filesystem>

namespace ruyi {

struct HostMemory {
  int64_t total_bytes = 0;      // that the process may have at most: the machine's, or less in a control group
  int64_t available_bytes = 0;  // of those, that can be had now; files that are kept in memory count as free
  int64_t anonymous_bytes = 0;  // that the process has, its files not counted
};

// Says where the system tells of itself; tests have folders of their own.
struct HostMemoryFolders {
  std::filesystem::path proc = "/proc";
  std::filesystem::path cgroup = "/sys/fs/cgroup";
};

// Reads it anew. memory.max and memory.high of the process's group and of every group above it count. What cannot be
// read sets no limit; without /proc/meminfo all is 0.
HostMemory ReadHostMemory(const HostMemoryFolders& folders = {});

}  // namespace ruyi
