// Says what a run of ruyi-bench is to measure: the values of its flags. Before it: main.cc. After it: the benches. A
// value.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/plan/progress.h"
#include "core/request/generation_request.h"
#include "core/tensor/tensor_placement.h"

namespace ruyi::bench {

struct BenchOptions {
  std::filesystem::path model;
  std::vector<c10::Device> devices;              // two: one branch of guidance each
  TensorPlacement placement;                     // on the first of them
  Fp8Settings fp8;                               // of the weights
  std::vector<std::string> shapes = {"24@512"};  // see bench_shape.h
  std::vector<std::string> modes = {"guided"};   // see bench_mode.h
  std::vector<std::string> suite_shapes;         // of the suite; none: those that suit the device
  bool predicts = true;                          // beside a step's time and memory, what the cost model says of them
  int steps = 25;                                // of a request
  std::filesystem::path picture;                 // of quality: a PNG file; empty: noise
  double guidance = 7.0;                         // of quality: in guided modes
  uint64_t seed = 7;                             // of quality
  Camera camera = Camera::kAuto;                 // of quality
  std::optional<int> motion;                     // of quality
  std::vector<int64_t> tokens = {12096, 60480};  // of kernels: both of the batch together
  int64_t heads = 32;                            // of kernels
  int64_t head_dim = 88;                         // of kernels
  int warm_up = 2;                               // runs before those that count
  int repeat = 5;                                // runs that count
  std::vector<int64_t> vram_mib;                 // budgets of the device, one after the other; none: what is free
  int64_t ballast_mib = 0;                       // that something else takes once a video has been planned
  std::filesystem::path calibration_file;        // see RuyiPipelineOptions
  Phase fault_phase = Phase::kDenoising;         // of fault: the stage that the GPU breaks in
  int fault_lag = 0;                             // of fault: large products that the GPU does before it breaks
  std::string json;                              // file for the results, one object per line; empty: none
};

struct MakeModelOptions {
  std::filesystem::path manifests;  // folder of manifests, or one
  std::filesystem::path out;
  uint64_t seed = 1;
};

}  // namespace ruyi::bench
