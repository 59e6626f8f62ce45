// Says what `ruyi-client admin` is to do. Before it: the command line. After it: admin_command.h. A value.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace ruyi::client {

enum class AdminAction {
  kStatus,
  kJobs,
  kDrain,
  kPause,
  kResume,
  kVramBudget,
  kPriority,
  kCancel,
  kLoadLora,
  kUnloadLora,
};

struct AdminOptions {
  static constexpr int kDefaultLimit = 50;
  static constexpr char kDefaultServer[] = "127.0.0.1:50052";

  AdminAction action = AdminAction::kStatus;
  bool json = false;
  std::string name;                 // of a video, or of a LoRA
  std::vector<std::string> states;  // of jobs: words of StateNames(); none: all
  std::map<std::string, std::string> labels;
  std::string tenant;                 // empty: all
  std::optional<int32_t> limit;       // absent: kDefaultLimit
  std::optional<double> timeout_s;    // of drain; absent: the server's
  std::string device;                 // of vram-budget; empty: all
  std::optional<int32_t> budget_mib;  // absent: what is free
  std::string priority;               // a word of PriorityNames()
  std::string reason;                 // of cancel
};

}  // namespace ruyi::client
