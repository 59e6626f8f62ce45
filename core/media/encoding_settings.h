// Says how a video is encoded, where there is a choice. Before it: the request or the program's options. After it:
// VideoFormat. A value; thread-safe.
#pragma once

#include <string_view>

namespace ruyi {

// x264's presets, from the fastest to the one that makes the smallest files.
enum class EncoderPreset { kUltrafast, kSuperfast, kVeryfast, kFaster, kFast, kMedium, kSlow, kSlower, kVeryslow };

// The names of the presets, in the order of the enumeration.
inline constexpr std::string_view kEncoderPresetNames[] = {"ultrafast", "superfast", "veryfast", "faster",  "fast",
                                                           "medium",    "slow",      "slower",   "veryslow"};

inline constexpr int kMinCrf = 0;
inline constexpr int kMaxCrf = 51;
inline constexpr int kMinFragmentFrames = 1;
inline constexpr int kMaxFragmentFrames = 120;

struct EncodingSettings {
  // x264's constant rate factor, kMinCrf (best) to kMaxCrf. 18 cannot be told from the source by eye. 0 is lossless, in
  // the profile High 4:4:4 Predictive, which few players take.
  int crf = 18;

  EncoderPreset preset = EncoderPreset::kMedium;

  // Frames from one key frame to the next, kMinFragmentFrames to kMaxFragmentFrames; each begins a fragment. 8 is a
  // third of a second at 24 frames per second: soon enough for a progress view.
  int fragment_frames = 8;

  // True: one plain MP4 file with its index in front, which comes out at the end. False: fragments, which come out
  // while later frames are still being made.
  bool faststart = false;

  friend bool operator==(const EncodingSettings&, const EncodingSettings&) = default;
};

}  // namespace ruyi
