// Predicts memory and time of a video: facts of the model, constants of the device, and what earlier videos have
// taught. Before it: core/pipeline, which makes one when it is warm. After it: core/plan/admission. Thread-safe.
// Attention without materialised scores (Dao et al. 2022) makes memory linear and time quadratic in the tokens.
#pragma once

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "core/plan/calibration.h"
#include "core/plan/model_facts.h"
#include "core/plan/peak_lessons.h"
#include "core/plan/placed_model.h"
#include "core/plan/prediction.h"
#include "core/plan/time_lessons.h"
#include "core/plan/video_spec.h"

namespace ruyi {

class CostModel {
 public:
  CostModel(ModelFacts facts, const Calibration& calibration,
            std::shared_ptr<PeakLessons> peaks = std::make_shared<PeakLessons>(),
            std::shared_ptr<TimeLessons> times = std::make_shared<TimeLessons>())
      : facts_(std::move(facts)), calibration_(calibration), peaks_(std::move(peaks)), times_(std::move(times)) {}

  // Returns a copy that learns nothing from others, so that what it predicts of several modes can be compared.
  CostModel Frozen() const;

  const ModelFacts& facts() const { return facts_; }
  const Calibration& calibration() const { return calibration_; }
  const TimeLessons& times() const { return *times_; }

  // Counts of each kind of work that a spec needs.
  struct Units {
    double tokens = 0;  // of one branch
    double pixels = 0;  // of a frame, or of a tile, that the autoencoder sees at once
    int calls = 0;      // of the transformer, for each branch
    int encodes = 0;    // of a chunk, or of a tile of it
    int decodes = 0;
  };
  Units UnitsOf(const VideoSpec& spec) const;

  // Returns the modes that `spec` can be made in: every pair of a number of resident blocks and a number of resident
  // states, from two lists, each with the autoencoder whole and in slabs, as far as the calibration has measured
  // either. Branches go in turn wherever they can: that takes less memory than a batch and, by measurement, no more
  // time.
  std::vector<MemoryMode> Modes(const VideoSpec& spec) const;

  // Predicts what `spec` takes in `mode`, which must not have more blocks and states than the facts, once the model
  // lies as the mode wants it: the stage kLoad takes no time.
  Prediction Predict(const VideoSpec& spec, const MemoryMode& mode) const;

  // Predicts how long it takes to place the model as `spec` and `mode` want it: nothing where as many blocks are
  // resident now, in the same bits, else all weights anew.
  double ChangeSeconds(const PlacedModel& now, const VideoSpec& spec, const MemoryMode& mode) const;

  // Returns the time that it takes to upload all blocks that `spec` streams in `mode` once, if nothing computes
  // meanwhile.
  double UploadSeconds(const VideoSpec& spec, const MemoryMode& mode) const;

  // Learns that a video that was predicted to take `predicted` took `measured_peak_bytes` at its peak. Where that was
  // more than predicted, later predictions are raised in proportion, but for the weights; once for all videos that were
  // predicted alike.
  void Learn(const Prediction& predicted, int64_t measured_peak_bytes);

  // Learns that a video which was made from its beginning to its end in `mode`, in one go, took `measured` seconds.
  // Later predictions of time, those of changes of the mode too, are multiplied by one factor
  // (core/plan/time_lessons.h): which mode is the fastest does not depend on it. Returns false where nothing can be
  // learnt: of steps that a cache leaves out and of weights that are not the loaded ones the calibration says nothing,
  // and without a calibration nothing was predicted. What it took to place the model does not count, for files are read
  // meanwhile.
  bool LearnTime(const VideoSpec& spec, const MemoryMode& mode, const StageCosts& measured);

 private:
  StageCosts Calibrated(const VideoSpec& spec, const MemoryMode& mode) const;
  StageCost Encode(const VideoSpec& spec, const MemoryMode& mode) const;
  StageCost Denoise(const VideoSpec& spec, const MemoryMode& mode) const;
  StageCost Decode(const VideoSpec& spec, const MemoryMode& mode) const;
  double PassBytes(const VideoSpec& spec, const MemoryMode& mode) const;
  double KeptBytes(const VideoSpec& spec, const MemoryMode& mode) const;
  double StepSeconds(const VideoSpec& spec, const MemoryMode& mode, int branches) const;
  double StepsSeconds(const VideoSpec& spec, const MemoryMode& mode) const;
  int64_t WeightBytes(const VideoSpec& spec, const MemoryMode& mode) const;
  int64_t HostBytes(const VideoSpec& spec, const MemoryMode& mode) const;
  int64_t RingBytes(const VideoSpec& spec, const MemoryMode& mode) const;

  const ModelFacts facts_;
  const Calibration calibration_;
  const std::shared_ptr<PeakLessons> peaks_;
  const std::shared_ptr<TimeLessons> times_;
};

}  // namespace ruyi
