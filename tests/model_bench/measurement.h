// Holds what a bench found out, and the instruments: device memory, host memory, a clock. Before it: the benches. After
// it: report.h. Functions without state; a Stopwatch belongs to one thread.
#pragma once

#include <c10/core/Device.h>

#include <chrono>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace ruyi::bench {

struct Measurement {
  std::string bench;
  std::string shape;
  std::string task;                                  // what is computed, where one bench and shape have several
  std::string mode;                                  // how it is computed, with the same result
  std::map<std::string, std::string> configuration;  // of what is measured, where it is not the model's own
  std::vector<double> seconds;                       // of each run that counts
  double peak_mib = 0;                               // of the device's allocator; on a CPU of the process
  double reserved_mib = 0;                           // what the allocator took from the device at most
  std::map<std::string, double> other;
  std::map<std::string, std::vector<double>> lists;  // for the JSON file alone
  std::string note;
};

double MibOf(int64_t bytes);

double Median(std::vector<double> values);

// Measures until it is asked, all work of the device included.
class Stopwatch {
 public:
  explicit Stopwatch(c10::Device device);

  // Seconds since the last call, or since it was made. Blocks until the device is idle.
  double Lap();

 private:
  c10::Device device_;
  std::chrono::steady_clock::time_point last_;
};

// The peaks of ReadMemory begin anew.
void ResetPeaks(c10::Device device);

// Fills in reserved_mib and, where a bench has not measured a higher one itself, peak_mib.
void ReadMemory(c10::Device device, Measurement& measurement);

// A line of /proc/self/status, such as VmHWM or RssAnon.
double ProcessMib(std::string_view name);

}  // namespace ruyi::bench
