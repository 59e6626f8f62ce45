// Holds the constants of the cost model: the time and memory that a model takes on one device, as measured there when
// the server starts. Before it: core/pipeline's calibrator, or the file of an earlier start (calibration_file.h). After
// it: core/plan/cost_model. A value.
#pragma once

namespace ruyi {

// A quantity that grows with the size of the work.
struct Curve {
  double constant = 0;
  double linear = 0;
  double quadratic = 0;

  double At(double x) const { return constant + x * (linear + x * quadratic); }
  friend bool operator==(const Curve&, const Curve&) = default;
};

// Says what one pass takes: bytes beside what is known, and seconds.
struct PassCurves {
  Curve bytes;
  Curve seconds;

  friend bool operator==(const PassCurves&, const PassCurves&) = default;
};

struct Calibration {
  // Says what a pass of the transformer takes, by the tokens that go through it as one batch: bytes beside weights,
  // conditions and states, and seconds with all blocks on the device.
  PassCurves step;

  // These say what a chunk of frames takes, by the pixels of a frame (of a tile, where there are tiles).
  PassCurves encode;
  PassCurves decode;

  // These say the same of an autoencoder in slabs; all are zero where that has not been measured.
  PassCurves slab_encode;
  PassCurves slab_decode;

  double clip_bytes = 0;
  double clip_seconds = 0;

  double upload_bytes_per_second = 0;  // from the host's memory to the device, beside its work; 0: at once

  // These say what another memory mode takes once: weights go from the mapped file to the device, and those that will
  // be streamed into pinned memory, which may have to be pinned first. 0: at once.
  double place_bytes_per_second = 0;
  double fill_bytes_per_second = 0;
  double pin_bytes_per_second = 0;

  friend bool operator==(const Calibration&, const Calibration&) = default;
};

}  // namespace ruyi
