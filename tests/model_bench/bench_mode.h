// Says in what way a shape is computed. Before it: flags. After it: the benches. A value.
#pragma once

#include <optional>
#include <string_view>

#include "absl/status/statusor.h"
#include "core/plan/memory_mode.h"
#include "core/plan/video_spec.h"
#include "core/request/generation_request.h"

namespace ruyi::bench {

struct BenchMode {
  bool is_guided = true;  // both branches of guidance
  std::optional<int> resident_blocks;
  std::optional<int> resident_states;
  bool branches_in_turn = false;
  bool autoencoder_in_slabs = false;
  std::optional<TeaCacheSettings> tea_cache;
  std::optional<EasyCacheSettings> easy_cache;
  std::optional<GuidanceGateSettings> guidance_gate;
  std::optional<Fp8Settings> fp8;  // absent: as the weights are

  // Returns the memory mode; numbers that were not given mean that all lie on the device.
  MemoryMode memory() const;

  // Returns true when some of the work is left out.
  bool leaves_work_out() const { return tea_cache.has_value() || easy_cache.has_value() || guidance_gate.has_value(); }

  // Lets the video be made with what the mode approximates.
  void ApplyTo(VideoSpec& spec) const;

  // Returns the settings with which a request fixes the mode.
  MemorySettings settings() const { return {.resident_blocks = resident_blocks, .resident_states = resident_states}; }
};

// "guided" or "plain", and then what does not lie on the device: "guided+blocks=10" keeps 10 blocks there,
// "guided+states=5" keeps 5 states of skip connections; "+turn": branches in turn; "+slabs": the autoencoder in slabs.
// What is approximated: "+tea=0.1" and "+easy=0.05", thresholds of the caches; "+gate=0.5", the guidance gate's share;
// "+fp8=strong", weights in 8 bits, and "+fp8=strong+scaled", products in 8 bits; "+quality=fast", a profile.
// INVALID_ARGUMENT: anything else.
absl::StatusOr<BenchMode> ParseMode(std::string_view text);

// Does the same, and returns INVALID_ARGUMENT for a mode that leaves work out, too.
absl::StatusOr<BenchMode> ParseFullMode(std::string_view text);

}  // namespace ruyi::bench
