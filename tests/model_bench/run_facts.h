// Says what a measurement was made with, so that it can be compared with another: program, device, libraries, day.
// Before it: the device. After it: report.h. A value.
#pragma once

#include <c10/core/Device.h>

#include <string>

namespace ruyi::bench {

struct RunFacts {
  std::string version;  // of the program
  std::string device;   // "NVIDIA H100 80GB HBM3"
  std::string driver;   // of the GPU; empty on a CPU, or where the driver does not say
  std::string torch;    // "2.11.0+cu130"
  std::string date;     // of the start, "2026-11-28T10:30:00Z"
};

// Asks the device, its driver and the clock.
RunFacts FactsOf(c10::Device device);

}  // namespace ruyi::bench
